import assert from 'node:assert/strict'
import { search } from '../../find.ts'
import { viewOf } from '../../view.ts'
import { collect, labelsOf, outcomes, WAITS } from '../collecting-steps.ts'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, claim, claimOne, deliverAll, firstOf, HOUR, idOf, labelled, outcome, shown, wanted } from '../steps.ts'

/** Of inboxes that keep what waits for collectors. */
export const collecting: Cases = {
  'an event that waits for collectors has left its lane, and has not failed': async (fixture) => {
    const { inbox } = await fixture.open()
    assert.equal(inbox.collects, true)
    await collect(inbox, ['a1'], Date.now() + HOUR)
    match(await inbox.get(idOf('a1')), { lane: 'a', state: 'pending', isCollected: true, attempts: 0, error: null, dueAt: Date })
    await addAll(inbox, ...labelled('a2'))
    assert.deepEqual(await deliverAll(inbox), ['a: a2'])
    match(await inbox.stats(), { pending: 1, failing: 0, done: 1 })
  },

  'what waits for collectors is claimed together, in the old order, with all its attempts': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...labelled('a1', 'a2', 'a3'))
    const held = await claimOne(inbox)
    await inbox.settle(held, outcome(held, 'pending')) // a1 has failed once
    const again = await claimOne(inbox)
    await inbox.settle(again, outcomes(again, 'pending', WAITS))
    const waiting = await claimOne(inbox)
    assert.notEqual(waiting.lane, 'a')
    assert.deepEqual(labelsOf(waiting), ['a1', 'a2', 'a3'])
    for (const event of waiting.events) match(event, { collectedFrom: 'a', attempt: 1, completed: ['save'], failingFor: 0 })
    await inbox.settle(waiting, outcomes(waiting, 'done'))
    assert.deepEqual(await claim(inbox), [])
    match(await inbox.stats(), { pending: 0, failing: 0, done: 3 })
  },

  'what waits for collectors is due when its first event is, or sooner if one that follows is': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1'], Date.now() + HOUR)
    assert.deepEqual(await claim(inbox), [])
    await collect(inbox, ['a2'])
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a1', 'a2'])
  },

  'what comes to those that are claimed makes them due again sooner': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1'])
    const held = await claimOne(inbox)
    await collect(inbox, ['a2'])
    await inbox.settle(held, [], Date.now() + HOUR)
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a1', 'a2'])
  },

  'several events of a claim may wait on, until the time that is given, and are claimed again': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1', 'a2', 'a3'])
    const held = await claimOne(inbox)
    await inbox.settle(held, outcomes(held, 'pending', { ...WAITS, completed: ['save', 'answer'] }).slice(0, 2))
    const again = await claimOne(inbox)
    assert.deepEqual(again.events.map(({ completed, attempt }) => [completed, attempt]), [[['save', 'answer'], 1], [['save', 'answer'], 1], [['save'], 1]])
    await inbox.settle(again, [], Date.now() + HOUR)
    assert.deepEqual(await claim(inbox), [])
    await collect(inbox, ['a4'])
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a1', 'a2', 'a3', 'a4'])
  },

  'what comes to wait for collectors while their lane is claimed is claimed when it is due, if the lane is given back until later': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1'])
    const held = await claimOne(inbox)
    await collect(inbox, ['a2'])
    await inbox.settle(held, [], Date.now() + HOUR)
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a1', 'a2'])
  },

  'what has failed together keeps its time whatever follows': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1', 'a2'])
    const held = await claimOne(inbox)
    const dueAt = Date.now() + HOUR
    await inbox.settle(held, outcomes(held, 'pending', { dueAt }), dueAt)
    match(await inbox.stats(), { pending: 2, failing: 2 })
    await collect(inbox, ['a3'])
    assert.deepEqual(await claim(inbox), [])
  },

  'what waits for collectors does not wait for the retry of what was discarded': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1', 'a2'])
    const held = await claimOne(inbox)
    const dueAt = Date.now() + HOUR
    await inbox.settle(held, outcomes(held, 'pending', { dueAt }).slice(0, 1), dueAt)
    assert.equal(await inbox.discard([idOf('a1')]), 1)
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a2'])
  },

  'what goes aside of what waits for collectors goes together, and what follows goes on': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1', 'a2', 'a3'])
    const held = await claimOne(inbox)
    await inbox.settle(held, outcomes(held, 'pending', { aside: true }).slice(0, 2))
    match(await inbox.get(idOf('a2')), { lane: 'a', isAside: true, isCollected: true, attempts: 1 })
    const claims = await claim(inbox)
    assert.deepEqual(claims.map(labelsOf).toSorted(), [['a1', 'a2'], ['a3']])
    const beside = claims.find(({ events }) => events.length === 2)
    assert.ok(beside)
    match(firstOf(beside), { collectedFrom: 'a', isAside: true, attempt: 2 })
    await inbox.settle(beside, outcomes(beside, 'pending', { aside: true })) // they have left already
    const again = await claimOne(inbox)
    match([again.lane, labelsOf(again)], [beside.lane, ['a1', 'a2']])
    // One collector is through with them, and another one waits.
    await inbox.settle(again, outcomes(again, 'pending', WAITS))
    match(await inbox.get(idOf('a2')), { isAside: false, isCollected: true, attempts: 0 })
  },

  'events that follow are told of, while they are in their lane': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1'])
    await addAll(inbox, ...labelled('a2', 'b1'))
    const claims = await claim(inbox)
    const waiting = claims.find(({ events }) => events.some(({ collectedFrom }) => collectedFrom !== undefined))
    assert.ok(waiting)
    assert.deepEqual([claims.length, labelsOf(waiting), waiting.isFollowed], [3, ['a1'], true])
    for (const held of claims) if (held !== waiting) await inbox.settle(held, outcomes(held, 'done'))
    await inbox.settle(waiting, [])
    assert.notEqual((await claimOne(inbox)).isFollowed, true)
  },

  'what waits for collectors is found, discarded, replayed and forgotten by its conversation': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1', 'a2', 'a3'])
    const found: string[] = []
    for await (const { events } of search(viewOf(inbox), { conversation: 'a' })) found.push(...events.map(({ id }) => id))
    assert.deepEqual(found, [idOf('a3'), idOf('a2'), idOf('a1')])
    assert.equal(await inbox.discard([idOf('a1')]), 1)
    const held = await claimOne(inbox)
    assert.deepEqual(labelsOf(held), ['a2', 'a3'])
    await inbox.settle(held, outcomes(held, 'dead'))
    assert.equal(await inbox.replay([idOf('a3'), idOf('a2')]), 2)
    const replayed = await claimOne(inbox)
    assert.deepEqual(wanted([replayed]), ['a: a2', 'a: a3'])
    for (const { collectedFrom } of replayed.events) assert.equal(collectedFrom, undefined)
    await inbox.settle(replayed, outcomes(replayed, 'pending', { ...WAITS, dueAt: Date.now() + HOUR }))
    assert.equal(await inbox.forget('a'), 2)
    match(await inbox.stats(), { pending: 0, dead: 0 })
    await collect(inbox, ['a4'])
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a4'])
  },

  'a conversation may be called what the inbox calls a lane': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1'])
    const { lane } = await claimOne(inbox)
    await addAll(inbox, ...labelled('x1').map((event) => ({ ...event, lane })))
    match(await inbox.stats(), { pending: 2 })
    assert.equal(await inbox.forget(lane), 1)
    match(await inbox.get(idOf('a1')), { lane: 'a', isCollected: true })
  },

  'what waits for collectors does so after a restart': async (fixture) => {
    const opened = await fixture.open()
    await collect(opened.inbox, ['b1'], Date.now() + HOUR)
    await collect(opened.inbox, ['a1', 'a2'])
    const { inbox } = await fixture.reopen(opened)
    const held = await claimOne(inbox)
    assert.deepEqual(labelsOf(held), ['a1', 'a2'])
    match(await inbox.get(idOf('b1')), { isCollected: true, attempts: 0 })
  },

  'a hundred events are claimed together that wait for collectors, and the others after them': async (fixture) => {
    const { inbox } = await fixture.open()
    const labels = Array.from({ length: 103 }, (_, i) => `a${i}`)
    await collect(inbox, labels)
    const held = await claimOne(inbox)
    assert.deepEqual(labelsOf(held), labels.slice(0, 100))
    await inbox.settle(held, outcomes(held, 'done'))
    assert.deepEqual(shown([await claimOne(inbox)]).length, 1)
  }
}
