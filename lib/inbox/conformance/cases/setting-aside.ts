import assert from 'node:assert/strict'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, BROKEN, claim, claimOne, deliverAll, done, HOUR, idOf, labelled, outcome, settleOne, storedEvent } from '../steps.ts'

/** Of durable inboxes: an event that leaves its lane, so that what is behind it goes on. */
export const settingAside: Cases = {
  'what is behind an event that leaves its lane goes on in order, and the event does not go on before it is due': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...labelled('a1', 'a2', 'a3'))
    const dueAt = Date.now() + HOUR
    await settleOne(inbox, 'pending', { aside: true, dueAt })
    const stored = await storedEvent(inbox, idOf('a1'))
    match(stored, { lane: 'a', state: 'pending', attempts: 1, dueAt: Date, error: BROKEN })
    // By the store's clock, which may be another.
    assert.ok(Math.abs(Number(stored.dueAt) - dueAt) < HOUR / 2, `it is due at ${String(stored.dueAt)}`)
    match(await inbox.stats(), { pending: 3, failing: 1 })
    await addAll(inbox, ...labelled('a4'))
    assert.deepEqual(await deliverAll(inbox), ['a: a2', 'a: a3', 'a: a4'])
    match(await inbox.stats(), { pending: 1, failing: 1, done: 3 })
  },

  'an event that has left its lane has one of its own, until it is replayed': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...labelled('a1', 'a2', 'a3'))
    await settleOne(inbox, 'pending', { aside: true })
    const claims = await claim(inbox)
    const rest = claims.find(({ lane }) => lane === 'a')
    const beside = claims.find(({ lane }) => lane !== 'a')
    assert.ok(rest)
    assert.ok(beside)
    assert.deepEqual([claims.length, beside.events.length], [2, 1])
    match([rest.events[0], beside.events[0]], [{ event: { label: 'a2' }, attempt: 1 }, { event: { label: 'a1' }, attempt: 2, isAside: true }])
    await inbox.settle(beside, outcome(beside, 'pending', { aside: true })) // it has left already
    const again = await claimOne(inbox)
    match(again, { lane: beside.lane, events: { 0: { event: { label: 'a1' }, attempt: 3 } } })
    await inbox.settle(again, outcome(again, 'dead'))
    match(await inbox.get(idOf('a1')), { lane: 'a', state: 'dead', attempts: 3 })
    assert.equal(await inbox.replay([idOf('a1')]), 1)
    match(await inbox.get(idOf('a1')), { lane: 'a', state: 'pending', attempts: 0 })
    await inbox.settle(rest, done(rest))
    assert.deepEqual(await deliverAll(inbox), ['a: a3', 'a: a1'])
  },

  'an event that leaves a lane where it is alone is tried again like any other': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...labelled('a1'))
    await settleOne(inbox, 'pending', { aside: true })
    match(await settleOne(inbox, 'done'), { event: { label: 'a1' }, attempt: 2, isAside: true })
    match(await inbox.get(idOf('a1')), { lane: 'a', state: 'done', attempts: 2 })
    assert.deepEqual(await claim(inbox), [])
  }
}
