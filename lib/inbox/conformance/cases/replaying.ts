import assert from 'node:assert/strict'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, claim, claimOne, dead, deliverAll, done, newEvent, outcome, PROBLEMS, settleOne } from '../steps.ts'

/** Events that are put back. */
export const replaying: Cases = {
  'dead and done events are put back as new, others are not': async (fixture) => {
    const opened = await fixture.open()
    const { inbox } = opened
    const [ill, well, waiting] = [newEvent('a'), newEvent('b'), newEvent('c')]
    const { answers: [first] } = await addAll(inbox, ill)
    await settleOne(inbox, 'dead')
    const { answers: [second] } = await addAll(inbox, well)
    await settleOne(inbox, 'done')
    await Promise.allSettled([first, second])
    await addAll(inbox, waiting)
    opened.woken = 0
    assert.equal(await inbox.replay([ill.id, well.id, waiting.id, newEvent('a').id]), 2)
    assert.ok(opened.woken > 0, 'it has to call wake()')
    match(await inbox.stats(), { pending: 3, failing: 0, done: 0, dead: 0 })
    match(await claim(inbox), [
      { lane: 'c' }, { lane: 'a', events: { 0: { id: ill.id, attempt: 1 } } }, { lane: 'b', events: { 0: { id: well.id, attempt: 1 } } }
    ])
  },

  'an event that was put back has no error once it is done': async (fixture) => {
    const { inbox } = await fixture.open()
    const [ill, unfit] = [newEvent('a'), newEvent('b', { problems: PROBLEMS })]
    await addAll(inbox, ill, unfit)
    for (const held of await claim(inbox)) await inbox.settle(held, held.lane === 'a' ? dead(held) : outcome(held, 'invalid'))
    assert.equal(await inbox.replay([ill.id, unfit.id]), 2)
    for (const held of await claim(inbox)) await inbox.settle(held, done(held))
    match(await inbox.stats(), { pending: 0, done: 2 })
    for (const { id } of [ill, unfit]) match(await inbox.get(id), { state: 'done', error: null })
  }
}

/** Of durable inboxes, which remember them all. */
export const replayingMany: Cases = {
  'a replayed event is behind what waits in its lane': async (fixture) => {
    const { inbox } = await fixture.open()
    const [ill, waiting] = [newEvent('a', { label: 'ill' }), newEvent('a', { label: 'waiting' })]
    await addAll(inbox, ill)
    const held = await claimOne(inbox)
    await inbox.settle(held, dead(held))
    await addAll(inbox, waiting)
    assert.equal(await inbox.replay([ill.id, ill.id]), 1)
    assert.equal(await inbox.replay([ill.id]), 0)
    assert.deepEqual(await deliverAll(inbox), ['a: waiting', 'a: ill'])
  },

  'replayed events keep the order of their lanes, whatever the order of their ids, and however many they are': async (fixture) => {
    const { inbox } = await fixture.open()
    const events = Array.from({ length: 640 }, (_, i) => newEvent(`lane ${i % 3}`, { label: `replayed ${i}` }))
    for (let i = 0; i < events.length; i += 100) {
      await addAll(inbox, ...events.slice(i, i + 100))
      await deliverAll(inbox, i % 200 === 0 ? 'dead' : 'done')
    }
    const newestFirst = (await inbox.list({ limit: 1_000 })).map(({ id }) => id)
    assert.equal(await inbox.replay([...newestFirst, newEvent('a').id, ...newestFirst.slice(0, 10)]), 640)
    const lanes = Map.groupBy(await deliverAll(inbox), (line) => line.slice(0, 'lane 0'.length))
    for (const [lane, lines] of lanes) assert.deepEqual(lines, events.filter((event) => event.lane === lane).map(({ event }) => `${lane}: ${String(event.label)}`))
    assert.equal(lanes.size, 3)
  }
}
