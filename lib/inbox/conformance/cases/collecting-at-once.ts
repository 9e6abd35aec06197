import assert from 'node:assert/strict'
import { collectAtOnce, labelsOf, moveOn, outcomes, WAITS } from '../collecting-steps.ts'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, claim, claimOne, deliverAll, endOf, firstOf, HOUR, idOf, labelled, newEvent, outcome, settleOne, storedEvent, wanted } from '../steps.ts'

/** Of inboxes that keep what waits for collectors: whether they put there at once what may be, or deliver it first. */
export const collectingAtOnce: Cases = {
  'an event that is to wait for collectors at once waits for its time, beside its lane, and has not failed': async (fixture) => {
    const { inbox } = await fixture.open()
    const before = Date.now()
    await collectAtOnce(inbox, ['a1'], HOUR)
    match(await inbox.get(idOf('a1')), { lane: 'a', state: 'pending', isCollected: true, isAside: false, attempts: 0, error: null })
    const { dueAt } = await storedEvent(inbox, idOf('a1'))
    assert.ok(Number(dueAt) >= before + HOUR - 1_000 && Number(dueAt) <= Date.now() + HOUR + 1_000, `it is due at ${String(dueAt)}`)
    assert.deepEqual(await claim(inbox), [])
    await addAll(inbox, ...labelled('a2'))
    assert.deepEqual(await deliverAll(inbox), ['a: a2'])
    match(await inbox.stats(), { pending: 1, failing: 0, done: 1 })
  },

  'a time that is to come is taken for now': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, newEvent('a', { label: 'a1', collectAfter: 1, receivedAt: Date.now() + HOUR }))
    await moveOn(inbox, 1)
    await fixture.until(async () => (await claim(inbox)).some((held) => firstOf(held).collectedFrom === 'a'))
  },

  'events that wait for collectors at once are claimed together, in order, when one of them is due': async (fixture) => {
    const { inbox } = await fixture.open()
    await collectAtOnce(inbox, ['a1', 'a2'], HOUR)
    assert.deepEqual(await claim(inbox), [])
    await collectAtOnce(inbox, ['a3'], 0)
    const held = await claimOne(inbox)
    assert.notEqual(held.lane, 'a')
    assert.deepEqual(labelsOf(held), ['a1', 'a2', 'a3'])
    for (const event of held.events) match(event, { collectedFrom: 'a', attempt: 1, failingFor: 0, problems: null })
    await inbox.settle(held, outcomes(held, 'done'))
    match(await inbox.stats(), { pending: 0, done: 3 })
  },

  'of several that come in together, each is due at its own time, and their lane with the first': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...[HOUR, 0, HOUR].map((collectAfter, i) => newEvent('a', { label: `a${i + 1}`, collectAfter })))
    await moveOn(inbox, 0)
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a1', 'a2', 'a3'])
  },

  'an event does not wait for collectors before what came before it in its lane, and was to be delivered': async (fixture) => {
    const { inbox } = await fixture.open()
    const [first] = labelled('a1')
    assert.ok(first)
    await addAll(inbox, first, newEvent('a', { label: 'a2', collectAfter: 0 }), newEvent('b', { label: 'b1', collectAfter: HOUR }))
    const held = (await claim(inbox)).find(({ lane }) => lane === 'a')
    assert.ok(held && wanted([held])[0] === 'a: a1')
    await addAll(inbox, newEvent('a', { label: 'a3', collectAfter: 0 }))
    assert.deepEqual(await claim(inbox), [])
    await inbox.settle(held, outcomes(held, 'pending', WAITS))
    await moveOn(inbox, 0)
    const burst = (await claim(inbox)).find((other) => firstOf(other).collectedFrom === 'a')
    assert.deepEqual(burst && labelsOf(burst), ['a1', 'a2', 'a3'])
  },

  'an event does not wait for collectors before what is to be tried again in its lane': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...labelled('a1'))
    const held = await claimOne(inbox)
    await inbox.settle(held, outcome(held, 'pending', { dueAt: Date.now() + HOUR }))
    await addAll(inbox, newEvent('a', { label: 'a2', collectAfter: 0 }))
    assert.deepEqual(await claim(inbox), [])
    match(await inbox.get(idOf('a2')), { isCollected: false })
    assert.equal(await inbox.discard([idOf('a1')]), 1)
    const next = await claimOne(inbox)
    assert.deepEqual([next.lane, ...labelsOf(next)], ['a', 'a2'])
  },

  'what waits for collectors at once comes after what has come to wait for them, and does not wake what has failed there': async (fixture) => {
    const { inbox } = await fixture.open()
    await collectAtOnce(inbox, ['a1'], 0)
    const held = await claimOne(inbox)
    await collectAtOnce(inbox, ['a2'], 0)
    const dueAt = Date.now() + HOUR
    await inbox.settle(held, outcomes(held, 'pending', { dueAt }), dueAt)
    assert.deepEqual(await claim(inbox), [])
    await collectAtOnce(inbox, ['a3'], 0)
    assert.deepEqual(await claim(inbox), [])
    assert.equal(await inbox.discard([idOf('a1')]), 1)
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a2', 'a3'])
  },

  'what comes to those that are claimed, and waits for collectors at once, makes them due again sooner': async (fixture) => {
    const { inbox } = await fixture.open()
    await collectAtOnce(inbox, ['a1'], 0)
    const held = await claimOne(inbox)
    await collectAtOnce(inbox, ['a2'], 0)
    await inbox.settle(held, [], Date.now() + HOUR)
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a1', 'a2'])
  },

  'what waits for collectors at once is known, counted, refused and removed as any other': async (fixture) => {
    const { inbox } = await fixture.open({ maxBacklog: 3 })
    await collectAtOnce(inbox, ['a1', 'a2', 'a3'], HOUR)
    assert.equal(await inbox.add(newEvent('a', { label: 'a1', collectAfter: HOUR })), 'duplicate')
    assert.equal(await endOf(() => inbox.add(newEvent('b', { label: 'b1', collectAfter: HOUR }))), 'FST_ONEROUTE_BACKLOG_FULL')
    assert.equal(await inbox.discard([idOf('a2')]), 1)
    assert.deepEqual((await inbox.list()).map(({ id }) => id), [idOf('a3'), idOf('a1')])
    assert.equal(await inbox.forget('a'), 2)
    assert.deepEqual([await claim(inbox), await inbox.list()], [[], []])
    match(await inbox.stats(), { pending: 0 })
  },

  'an event that takes the place of a dead one may wait for collectors at once, and a replayed one is delivered first': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, ...labelled('a1'))
    await settleOne(inbox, 'dead')
    match(await inbox.stats(), { dead: 1 })
    await collectAtOnce(inbox, ['a1'], 0)
    const held = await claimOne(inbox)
    match(firstOf(held), { id: idOf('a1'), collectedFrom: 'a', attempt: 1 })
    await inbox.settle(held, outcomes(held, 'done'))
    match(await inbox.stats(), { done: 1 })
    assert.equal(await inbox.replay([idOf('a1')]), 1)
    const again = await claimOne(inbox)
    assert.deepEqual([again.lane, firstOf(again).collectedFrom], ['a', undefined])
  },

  'what waits for collectors at once does so through a restart': async (fixture) => {
    const opened = await fixture.open()
    await collectAtOnce(opened.inbox, ['a1', 'a2'], HOUR)
    const { inbox } = await fixture.reopen(opened)
    assert.deepEqual(await claim(inbox), [])
    match(await inbox.get(idOf('a2')), { lane: 'a', isCollected: true, attempts: 0 })
    await collectAtOnce(inbox, ['a3'], 0)
    assert.deepEqual(labelsOf(await claimOne(inbox)), ['a1', 'a2', 'a3'])
  }
}
