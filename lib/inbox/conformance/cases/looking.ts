import assert from 'node:assert/strict'
import type { DeliveryRecord } from '../../inbox.ts'
import type { Cases, Fixture } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, BROKEN, claim, dead, done, idOf, newEvent, settleOne, storedEvent } from '../steps.ts'

/** An inbox to which four events came five seconds ago: of them, three are done, dead and done, and the last one is claimed. */
async function withFour (fixture: Fixture) {
  const { inbox } = await fixture.open()
  const receivedAt = Date.now() - 5_000
  const { answers } = await addAll(inbox, ...['1', '2', '3', '4'].map((label) => newEvent(`lane ${label}`, { label, receivedAt })))
  for (const [i, held] of (await claim(inbox)).entries()) if (i < 3) await inbox.settle(held, i === 1 ? dead(held) : done(held))
  await Promise.allSettled(answers.slice(0, 3))
  return { inbox, receivedAt: new Date(receivedAt) }
}

/** What is shown to those who look. */
export const looking: Cases = {
  'events are shown newest first, each with its state, and so is one by its id': async (fixture) => {
    const { inbox, receivedAt } = await withFour(fixture)
    const all = await inbox.list()
    assert.deepEqual(all.map(({ event, state }) => `${String(event.label)} ${state}`), ['4 pending', '3 done', '2 dead', '1 done'])
    match(all[2], {
      id: idOf('2'), name: 'newMessage', lane: 'lane 2', event: { label: '2' }, receivedAt, attempts: 1, dueAt: null, finishedAt: Date, error: BROKEN
    })
    match(all[0], { attempts: 0, dueAt: Date, finishedAt: null, error: null, deliveries: [] })
    assert.deepEqual(await inbox.get(idOf('2')), all[2])
    assert.deepEqual(await inbox.get(idOf('4')), all[0])
    assert.equal(await inbox.get(idOf('5')), undefined)
  },

  'events are shown page by page and by state': async (fixture) => {
    const { inbox } = await withFour(fixture)
    const shown = async (...options: Parameters<typeof inbox.list>) => (await inbox.list(...options)).map(({ event }) => event.label)
    const [, third] = await inbox.list()
    assert.deepEqual(await shown({ limit: 2 }), ['4', '3'])
    assert.deepEqual(await shown({ before: third?.seq }), ['2', '1'])
    assert.deepEqual(await shown({ state: 'done' }), ['3', '1'])
    assert.deepEqual(await shown({ state: 'dead', limit: 1 }), ['2'])
    assert.deepEqual(await shown({ state: 'pending', before: 1_000 }), ['4'])
    assert.deepEqual(await shown({ state: undefined, limit: undefined, before: undefined }), ['4', '3', '2', '1'])
  },

  'events are counted by state, and the times are those at which they came in': async (fixture) => {
    const { inbox, receivedAt } = await withFour(fixture)
    match(await inbox.stats(), { pending: 1, failing: 0, done: 2, dead: 1, invalid: 0, oldestPendingAt: receivedAt, lastReceivedAt: receivedAt })
  }
}

/** Of durable inboxes: the records of deliveries, which listeners' failures are read from. */
export const keepingDeliveries: Cases = {
  'what is known of deliveries is kept with the event, through retries, success and replays': async (fixture) => {
    const { inbox } = await fixture.open()
    const [event, other] = [newEvent('a'), newEvent('a')]
    await addAll(inbox, event, other)
    const [failed, late, dying] = [record(1, 'broken\n"\0 Zürich'), record(2), record(1, 'broken again')]
    const deliveries = async () => (await storedEvent(inbox, event.id)).deliveries
    await settleOne(inbox, 'pending', { delivery: failed })
    assert.deepEqual(await deliveries(), [failed])
    await settleOne(inbox, 'done', { delivery: late })
    assert.deepEqual(await deliveries(), [failed, late])
    match(await inbox.stats(), { pending: 1, done: 1 })
    await inbox.replay([event.id])
    assert.deepEqual(await deliveries(), [failed, late])
    assert.equal((await settleOne(inbox, 'done')).id, other.id)
    await settleOne(inbox, 'dead', { delivery: dying })
    assert.deepEqual(await deliveries(), [failed, late, dying])
    assert.deepEqual((await inbox.list()).map(({ deliveries }) => deliveries.length), [3, 0]) // the other has succeeded at once
    match(await inbox.stats(), { pending: 0, done: 1, dead: 1 })
  },

  'an event that is done at once has a record if it is given one': async (fixture) => {
    const { inbox } = await fixture.open()
    const event = newEvent('a')
    await addAll(inbox, event)
    const delivery = { ...record(1), completed: [] }
    await settleOne(inbox, 'done', { delivery })
    match(await inbox.stats(), { pending: 0, done: 1 })
    match(await inbox.get(event.id), { state: 'done', attempts: 1, deliveries: [delivery], error: null })
  },

  'of very many deliveries the last ones are kept, at least': async (fixture) => {
    const { inbox } = await fixture.open()
    const event = newEvent('a')
    await addAll(inbox, event)
    for (let attempt = 1; attempt <= 30; attempt++) await settleOne(inbox, 'pending', { delivery: record(attempt, 'x'.repeat(1_000)) })
    const attempts = (await storedEvent(inbox, event.id)).deliveries.map(({ attempt }) => attempt)
    assert.ok(attempts.length > 5, `of 30, ${attempts.length} are kept`)
    assert.deepEqual(attempts, Array.from({ length: attempts.length }, (_, i) => 31 - attempts.length + i))
  }
}

function record (attempt: number, ...errors: string[]): DeliveryRecord {
  return {
    attempt,
    startedAt: new Date(1_700_000_000_000 + attempt),
    duration: 1.5,
    completed: ['first'],
    failures: errors.map((error) => ({ listener: 'second', duration: 1.25, error }))
  }
}
