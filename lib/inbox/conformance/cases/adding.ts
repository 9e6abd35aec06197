import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, adds, claim, claimOne, deliverAll, firstOf, newEvent, settleOne, storedEvent } from '../steps.ts'

/** What is taken, and what is a repeat. */
export const adding: Cases = {
  'a repeat of a done event is a duplicate, and a repeat of one under way waits for it': async (fixture) => {
    const { inbox } = await fixture.open()
    const event = newEvent('a')
    const added = adds(inbox, event, event)
    await deliverAll(inbox)
    assert.deepEqual(await Promise.all(added), ['accepted', 'duplicate'])
    assert.equal(await inbox.add(event), 'duplicate')
    match(await inbox.stats(), { pending: 0, done: 1 })
  },

  'a dead event that comes again is a new one': async (fixture) => {
    const { inbox } = await fixture.open()
    const first = newEvent('a')
    await addAll(inbox, first)
    await settleOne(inbox, 'dead')
    const { seq } = await storedEvent(inbox, first.id)
    await addAll(inbox, newEvent('b', { id: first.id }))
    match(await claim(inbox), [{ lane: 'b', events: { 0: { id: first.id, attempt: 1, completed: [] } } }])
    match(await inbox.stats(), { pending: 1, failing: 0, dead: 0 })
    assert.ok((await storedEvent(inbox, first.id)).seq > seq, 'it has to be at the end')
  },

  'more pending events than maxBacklog are refused': async (fixture) => {
    const { inbox } = await fixture.open({ maxBacklog: 2 })
    await addAll(inbox, newEvent('a'), newEvent('b'))
    await assert.rejects(async () => await inbox.add(newEvent('c')), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
    await deliverAll(inbox)
    await addAll(inbox, newEvent('c'))
    assert.equal((await claim(inbox)).length, 1)
  },

  'an event of 1 MiB is like any other, also beside small ones': async (fixture) => {
    const { inbox } = await fixture.open()
    const event = { event: 'newMessage', text: 'é'.repeat(524_288) }
    const large = newEvent('a', { event, body: Buffer.from(JSON.stringify(event)) })
    const { answers } = await addAll(inbox, newEvent('a'), large, newEvent('a'), newEvent('b'))
    await deliverAll(inbox)
    assert.deepEqual(await Promise.all(answers), ['accepted', 'accepted', 'accepted', 'accepted'])
    match(await inbox.stats(), { pending: 0, done: 4 })
    assert.ok(isDeepStrictEqual((await inbox.get(large.id))?.event, event), 'it has to be shown as it came in')
  },

  'an event is delivered and shown as it came in, whatever is in it': async (fixture) => {
    const { inbox } = await fixture.open()
    const body = '{"event":"newMessage","text":"\\u0000 é \\ud83d\\ude00 \\n","none":null,"yes":true,"number":12.5,"list":[{},[]],"dueAt":"2026-01-01T00:00:00.000Z"}'
    const event = { event: 'newMessage', text: '\0 é 😀 \n', none: null, yes: true, number: 12.5, list: [{}, []], dueAt: '2026-01-01T00:00:00.000Z' }
    const received = newEvent('a', { event, body: Buffer.from(body) })
    await addAll(inbox, received)
    assert.deepEqual(firstOf(await claimOne(inbox)).event, event)
    assert.deepEqual((await inbox.get(received.id))?.event, event)
  }
}

/** Of durable inboxes. */
export const addingToDurable: Cases = {
  'what is dead takes no room, and stays if what would take its place is refused': async (fixture) => {
    const { inbox } = await fixture.open({ maxBacklog: 1 })
    const ill = newEvent('a')
    await addAll(inbox, ill)
    await settleOne(inbox, 'dead')
    match(await inbox.stats(), { pending: 0, dead: 1 })
    await addAll(inbox, newEvent('b'))
    await assert.rejects(async () => await inbox.add(ill), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
    match(await inbox.stats(), { pending: 1, dead: 1 })
    await deliverAll(inbox)
    assert.equal(await inbox.add(ill), 'accepted')
    match(await inbox.stats(), { pending: 1, dead: 0, done: 1 })
  }
}
