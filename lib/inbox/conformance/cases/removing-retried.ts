import assert from 'node:assert/strict'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, adds, claim, deliverAll, HOUR, idOf, invalidEvent, labelled, newEvent, settleOne, storedEvent, wanted } from '../steps.ts'
import { EMPTY } from './removing.ts'

/** Of durable inboxes: what is removed may wait for its retry, or have left its lane. */
export const removingRetried: Cases = {
  'the lane of an event that is discarded while it waits for its retry goes on at once': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...labelled('a1', 'a2', 'a3'))
    await settleOne(inbox, 'pending', { dueAt: Date.now() + HOUR })
    assert.equal(await inbox.discard([idOf('a2')]), 1)
    assert.deepEqual(await claim(inbox), []) // the first one waits
    assert.equal(await inbox.discard([idOf('a1')]), 1)
    assert.deepEqual(wanted(await claim(inbox)), ['a: a3'])
    match(await inbox.stats(), { ...EMPTY, pending: 1, oldestPendingAt: Date })
  },

  'a discarded lane that is empty is a new one with its next event': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...labelled('a1'))
    await settleOne(inbox, 'pending', { dueAt: Date.now() + HOUR })
    assert.equal(await inbox.discard([idOf('a1')]), 1)
    match(await inbox.stats(), EMPTY)
    await addAll(inbox, ...labelled('a2'))
    assert.deepEqual(await deliverAll(inbox), ['a: a2'])
  },

  'a lane is forgotten with what was retried, replayed, set aside and kept as invalid, and by any spelling of its name': async (fixture) => {
    const { inbox } = await fixture.open()
    const lane = 'a\0\ud800'
    const [aside, replayed, retried] = [newEvent(lane), newEvent(lane), newEvent(lane)]
    await addAll(inbox, aside, replayed, retried, invalidEvent(lane))
    await settleOne(inbox, 'pending', { dueAt: Date.now() + HOUR, aside: true })
    await settleOne(inbox, 'dead')
    await inbox.replay([replayed.id])
    await settleOne(inbox, 'pending', { dueAt: Date.now() + HOUR })
    for (const { id } of [aside, retried]) await storedEvent(inbox, id)
    assert.equal(await inbox.forget(lane), 4)
    match(await inbox.stats(), EMPTY)
    assert.deepEqual(await inbox.list(), [])
    assert.deepEqual(await claim(inbox), [])
  },

  'a long lane is forgotten beside what is added to others': async (fixture) => {
    const { inbox } = await fixture.open({ maxBacklog: 10_000 })
    await addAll(inbox, ...Array.from({ length: 600 }, (_, i) => newEvent(i % 2 === 0 ? 'long' : `short ${i}`)))
    const forgetting = Promise.resolve(inbox.forget('long'))
    assert.deepEqual(await Promise.all(adds(inbox, newEvent('c'), newEvent('d'))), ['accepted', 'accepted'])
    assert.equal(await forgetting, 300)
    match(await inbox.stats(), { pending: 302 })
    const delivered = await deliverAll(inbox)
    assert.equal(delivered.length, 302)
    assert.deepEqual(delivered.filter((line) => line.startsWith('long')), [])
  }
}
