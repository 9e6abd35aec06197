import assert from 'node:assert/strict'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, claim, claimOne, deliverAll, done, ended, HOUR, idOf, invalidEvent, labelled, newEvent, outcome, settleOne, someTime, storedEvent } from '../steps.ts'

/** Of durable inboxes: what is there after a restart. */
export const surviving: Cases = {
  'what waits is there after a restart, in its order, and what was handled is a duplicate': async (fixture) => {
    const opened = await fixture.open()
    const events = labelled('a1', 'a2', 'b1', 'a3')
    await addAll(opened.inbox, ...events)
    for (const held of await claim(opened.inbox)) await opened.inbox.settle(held, held.lane === 'a' ? done(held) : [])
    const { inbox } = await fixture.reopen(opened)
    assert.notEqual(inbox.isRecovering, true) // it was closed
    match(await inbox.stats(), { pending: 3, failing: 0, done: 1 })
    for (const event of events) assert.equal(await inbox.add(event), 'duplicate')
    assert.deepEqual((await deliverAll(inbox)).toSorted(), ['a: a2', 'a: a3', 'b: b1'])
    match(await inbox.stats(), { pending: 0, done: 4 })
  },

  'a retry is there after a restart with all that is known of it': async (fixture) => {
    const opened = await fixture.open()
    const delivery = { attempt: 1, startedAt: new Date(1_700_000_000_000), duration: 1, completed: ['first'], failures: [{ listener: 'second', duration: 1, error: 'broken' }] }
    await addAll(opened.inbox, ...labelled('a1', 'a2'))
    await settleOne(opened.inbox, 'pending', { completed: ['first'], refused: ['third'], delivery })
    await someTime()
    const before = await storedEvent(opened.inbox, idOf('a1'))
    const { inbox } = await fixture.reopen(opened)
    assert.deepEqual(await inbox.get(idOf('a1')), before)
    match(await inbox.stats(), { pending: 2, failing: 1 })
    const [event] = (await claimOne(inbox)).events
    match(event, { event: { label: 'a1' }, attempt: 2, completed: ['first'], refused: ['third'] })
    assert.ok(Number(event?.failingFor) > 0, 'it has failed before')
  },

  'an event that has left its lane is beside it after a restart, and a retry that is not due waits': async (fixture) => {
    const opened = await fixture.open()
    await addAll(opened.inbox, ...labelled('a1', 'a2', 'b1', 'b2'))
    const dueAt = Date.now() + HOUR
    for (const held of await claim(opened.inbox)) await opened.inbox.settle(held, outcome(held, 'pending', { dueAt, aside: held.lane === 'a' }))
    const { inbox } = await fixture.reopen(opened)
    assert.deepEqual(await deliverAll(inbox), ['a: a2'])
    match(await inbox.stats(), { pending: 3, failing: 2, done: 1 })
  },

  'what was finished is shown and can be replayed after a restart': async (fixture) => {
    const opened = await fixture.open()
    const events = [...await ended(opened.inbox, 'a', 'done', 'dead', 'invalid'), invalidEvent('b')]
    await addAll(opened.inbox, ...events.slice(3))
    const [before, stats] = [await opened.inbox.list(), await opened.inbox.stats()]
    const { inbox } = await fixture.reopen(opened)
    assert.deepEqual(await inbox.list(), before)
    assert.deepEqual({ ...await inbox.stats() }, { ...stats })
    assert.equal(await inbox.replay(events.map(({ id }) => id)), 4)
    assert.deepEqual((await deliverAll(inbox)).map((line) => line.slice(0, 3)).toSorted(), ['a: ', 'a: ', 'a: ', 'b: '])
  },

  'what was removed is gone after a restart, and newer events have greater numbers than all before': async (fixture) => {
    const opened = await fixture.open()
    await addAll(opened.inbox, ...labelled('a1', 'a2', 'b1', 'b2', 'c1', 'c2'))
    const { seq } = await storedEvent(opened.inbox, idOf('c2'))
    assert.equal(await opened.inbox.discard([idOf('b1'), idOf('c2')]), 2)
    assert.equal(await opened.inbox.forget('a'), 2)
    const { inbox } = await fixture.reopen(opened)
    assert.deepEqual((await inbox.list()).map(({ event }) => event.label), ['c1', 'b2'])
    const again = newEvent('a', { id: idOf('a1'), label: 'again' })
    assert.equal(await inbox.add(again), 'accepted')
    assert.ok((await storedEvent(inbox, again.id)).seq > seq, 'its seq has to be greater')
    assert.deepEqual((await deliverAll(inbox)).toSorted(), ['a: again', 'b: b2', 'c: c1'])
  }
}
