import assert from 'node:assert/strict'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, claim, claimOne, deliverAll, done, labelled, newEvent, shown } from '../steps.ts'

/** Who delivers which lane, in which order. */
export const claiming: Cases = {
  'a lane is claimed by one at a time, in the order of its events': async (fixture) => {
    const opened = await fixture.open()
    const { inbox } = opened
    const { answers: [first, , last] } = await addAll(inbox, ...labelled('a1', 'a2', 'b1'))
    const claims = await claim(inbox)
    assert.deepEqual(shown(claims), ['a: a1', 'b: b1'])
    assert.ok(opened.woken > 0, 'it has to call wake() when there is work')
    match(claims[0]?.events[0], { name: 'newMessage', attempt: 1, completed: [], event: { label: 'a1' }, problems: null })
    assert.deepEqual(await claim(inbox), [])
    for (const held of claims) await inbox.settle(held, done(held))
    assert.deepEqual(shown(await claim(inbox)), ['a: a2'])
    assert.deepEqual(await Promise.all([first, last]), ['accepted', 'accepted'])
  },

  'many events that come at once are delivered in the order of their lanes, each once': async (fixture) => {
    const { inbox } = await fixture.open()
    const events = Array.from({ length: 100 }, (_, i) => newEvent(`lane ${i % 7}`, { label: `${i}` }))
    const { answers } = await addAll(inbox, ...events)
    const lanes = Map.groupBy(await deliverAll(inbox), (line) => line.slice(0, 'lane 0'.length))
    for (const [lane, lines] of lanes) assert.deepEqual(lines, events.filter((event) => event.lane === lane).map(({ event: { label } }) => `${lane}: ${String(label)}`))
    assert.equal(lanes.size, 7)
    await Promise.all(answers)
    match(await inbox.stats(), { pending: 0, done: 100 })
  },

  'no more lanes are claimed than were asked for': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, newEvent('a'), newEvent('b'), newEvent('c'))
    assert.equal((await claim(inbox, 2)).length, 2)
    assert.equal((await claim(inbox, 2)).length, 1)
  },

  'a claim that is settled with nothing is given back as it was': async (fixture) => {
    const { inbox } = await fixture.open()
    await addAll(inbox, newEvent('a', { label: 'kept' }))
    await inbox.settle(await claimOne(inbox), [])
    match(await claim(inbox), [{ lane: 'a', events: { 0: { event: { label: 'kept' }, attempt: 1 } } }])
  }
}
