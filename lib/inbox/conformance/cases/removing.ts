import assert from 'node:assert/strict'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, adds, BROKEN, claim, claimOne, dead, deliverAll, done, ended, firstOf, HOUR, idOf, labelled, newEvent, outcome } from '../steps.ts'

export const EMPTY = { pending: 0, failing: 0, done: 0, dead: 0, invalid: 0, oldestPendingAt: null }
const ONE_WAITS = { ...EMPTY, pending: 1, oldestPendingAt: Date }

/** Events that are discarded, and lanes that are forgotten. */
export const removing: Cases = {
  'discarded events of every state are gone and not counted, and what is unknown is not either': async (fixture) => {
    const { inbox } = await fixture.open()
    const events = await ended(inbox, 'a', 'done', 'dead', 'invalid')
    const [waiting, kept] = [newEvent('a'), newEvent('b', { label: 'kept' })]
    await addAll(inbox, waiting, kept)
    match(await inbox.stats(), { pending: 2, done: 1, dead: 1, invalid: 1 })
    const ids = [...events, waiting].map(({ id }) => id)
    assert.equal(await inbox.discard([...ids, newEvent('a').id, ...ids]), 4)
    match(await inbox.stats(), ONE_WAITS)
    for (const id of ids) assert.equal(await inbox.get(id), undefined)
    assert.deepEqual((await inbox.list()).map(({ id }) => id), [kept.id])
    assert.equal(await inbox.replay(ids), 0)
    assert.equal(await inbox.discard(ids), 0)
    assert.equal(await inbox.discard([]), 0)
    assert.deepEqual(await deliverAll(inbox), ['b: kept'])
    match(await inbox.stats(), { ...EMPTY, done: 1 })
  },

  'a repeat of a discarded event is new again': async (fixture) => {
    const { inbox } = await fixture.open()
    const all = [...await ended(inbox, 'a', 'done', 'dead'), newEvent('a', { label: 'waiting' })]
    await addAll(inbox, ...all.slice(2))
    assert.equal(await inbox.discard(all.map(({ id }) => id)), 3)
    const added = adds(inbox, ...all)
    assert.deepEqual(await deliverAll(inbox), ['a: a done', 'a: a dead', 'a: waiting'])
    assert.deepEqual(await Promise.all(added), ['accepted', 'accepted', 'accepted'])
    match(await inbox.stats(), { ...EMPTY, done: 3 })
  },

  'an event that is discarded while it is claimed is marked, and whatever becomes of it counts nothing': async (fixture) => {
    for (const state of ['done', 'dead', 'pending'] as const) {
      const { inbox } = await fixture.open()
      await addAll(inbox, ...labelled('a1', 'a2'))
      const held = await claimOne(inbox)
      assert.equal(await inbox.discard([idOf('a1')]), 1)
      assert.equal(firstOf(held).isDiscarded, true)
      match(await inbox.stats(), ONE_WAITS)
      assert.deepEqual(await claim(inbox), []) // its lane is still held
      await inbox.settle(held, outcome(held, state, { dueAt: state === 'pending' ? Date.now() + HOUR : null, error: BROKEN }))
      match(await inbox.stats(), ONE_WAITS)
      assert.deepEqual(await deliverAll(inbox), ['a: a2']) // what was behind it goes on at once
      match(await inbox.stats(), { ...EMPTY, done: 1 })
    }
  },

  'an event behind a claimed one is discarded, and not delivered': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...labelled('a1', 'a2', 'a3'))
    const held = await claimOne(inbox)
    assert.equal(await inbox.discard([idOf('a2')]), 1)
    await inbox.settle(held, done(held))
    assert.deepEqual(await deliverAll(inbox), ['a: a3'])
    match(await inbox.stats(), { ...EMPTY, done: 2 })
    assert.equal(await inbox.discard([idOf('a1'), idOf('a3')]), 2)
    match(await inbox.stats(), EMPTY)
  },

  'a lane is forgotten with all of its events, and no other': async (fixture) => {
    const { inbox } = await fixture.open()
    const kept = await ended(inbox, 'b', 'done', 'dead', 'invalid')
    const gone = await ended(inbox, 'a', 'done', 'dead', 'invalid')
    const waiting = labelled('a1', 'a2')
    await addAll(inbox, ...waiting, ...labelled('b1'))
    const held = (await claim(inbox)).find(({ lane }) => lane === 'a')
    assert.ok(held)
    assert.equal(await inbox.forget('a'), 5)
    assert.equal(firstOf(held).isDiscarded, true)
    match(await inbox.stats(), { pending: 1, done: 1, dead: 1, invalid: 1 })
    assert.deepEqual((await inbox.list()).map(({ lane }) => lane), ['b', 'b', 'b', 'b'])
    for (const { id } of [...gone, ...waiting]) assert.equal(await inbox.get(id), undefined)
    assert.equal(await inbox.forget('a'), 0)
    assert.equal(await inbox.forget('unknown'), 0)
    await inbox.settle(held, dead(held))
    assert.deepEqual(await deliverAll(inbox), []) // b is claimed
    match(await inbox.stats(), { pending: 1, done: 1, dead: 1, invalid: 1 })
    assert.equal(await inbox.replay(kept.map(({ id }) => id)), 3)

    const again = adds(inbox, ...waiting)
    assert.deepEqual(await deliverAll(inbox), ['a: a1', 'a: a2']) // new to it
    assert.deepEqual(await Promise.all(again), ['accepted', 'accepted'])
  }
}
