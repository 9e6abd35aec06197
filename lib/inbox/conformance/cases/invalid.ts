import assert from 'node:assert/strict'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, adds, claim, claimOne, dead, done, invalidEvent, newEvent, outcome, PROBLEMS, shown } from '../steps.ts'

const FULL = { code: 'FST_ONEROUTE_BACKLOG_FULL' }
const error = PROBLEMS.join('; ')

/** Events that are not of their schema. */
export const invalid: Cases = {
  'an event that is not of its schema can be delivered so, has its problems until then, and is done or invalid then': async (fixture) => {
    const { inbox } = await fixture.open()
    const [welcome, unwelcome] = [newEvent('a', { problems: PROBLEMS }), newEvent('b', { problems: PROBLEMS })]
    const { answers } = await addAll(inbox, welcome, unwelcome)
    const [first, second] = await claim(inbox)
    assert.ok(first)
    assert.ok(second)
    match([first, second], [{ lane: 'a', events: { 0: { problems: PROBLEMS } } }, { lane: 'b', events: { 0: { problems: PROBLEMS } } }])
    match(await inbox.get(welcome.id), { state: 'pending', error })
    match(await inbox.stats(), { pending: 2, invalid: 0, lastReceivedAt: null })
    await inbox.settle(first, done(first))
    await inbox.settle(second, outcome(second, 'invalid'))
    await Promise.allSettled(answers)
    match(await inbox.stats(), { pending: 0, done: 1, invalid: 1 })
    match(await inbox.get(unwelcome.id), { state: 'invalid', error, finishedAt: Date })
    assert.equal(await inbox.replay([welcome.id]), 1)
    match(await claim(inbox), [{ lane: 'a', events: { 0: { problems: PROBLEMS } } }]) // what was handled as invalid is so again
    assert.equal(await inbox.replay([unwelcome.id]), 1)
    match(await claim(inbox), [{ lane: 'b', events: { 0: { id: unwelcome.id, problems: null } } }]) // as it is
    match(await inbox.stats(), { pending: 2, done: 0, invalid: 0 })
  }
}

/** Of durable inboxes: such events are kept. */
export const keepingInvalid: Cases = {
  'an invalid event is kept, not delivered, and can be put back': async (fixture) => {
    const { inbox } = await fixture.open()
    const event = invalidEvent('a')
    assert.equal(await inbox.add(event), 'accepted')
    assert.deepEqual(await claim(inbox), [])
    match(await inbox.get(event.id), { state: 'invalid', lane: 'a', error, attempts: 0, finishedAt: Date })
    match(await inbox.stats(), { pending: 0, invalid: 1, lastReceivedAt: null })
    assert.equal(await inbox.replay([event.id]), 1)
    match(await inbox.get(event.id), { state: 'pending', error })
    match(await claim(inbox), [{ lane: 'a', events: { 0: { id: event.id, problems: null } } }])
  },

  'an invalid event that comes again is a repeat, unless it is of its schema by now': async (fixture) => {
    const { inbox } = await fixture.open()
    const event = invalidEvent('a')
    assert.equal(await inbox.add(event), 'accepted')
    assert.equal(await inbox.add(event), 'duplicate')
    assert.equal(await inbox.add({ ...event, state: 'pending' }), 'duplicate')
    match(await inbox.stats(), { pending: 0, invalid: 1 })
    const fitting = Array.from({ length: 3 }, () => newEvent('b', { id: event.id }))
    assert.deepEqual((await Promise.all(adds(inbox, ...fitting))).sort(), ['accepted', 'duplicate', 'duplicate'])
    match(await inbox.stats(), { pending: 1, invalid: 0, lastReceivedAt: Date })
    match(await claim(inbox), [{ lane: 'b', events: { 0: { id: event.id, problems: null } } }])
    match(await inbox.get(event.id), { error: null })
  },

  'an event that comes together with an invalid one of the same id takes its place': async (fixture) => {
    const { inbox } = await fixture.open()
    const unfit = invalidEvent('a')
    const fitting = newEvent('b', { id: unfit.id, label: 'fitting' })
    const added = adds(inbox, unfit, newEvent('c'), fitting, unfit, fitting)
    assert.deepEqual(await Promise.all(added), ['accepted', 'accepted', 'accepted', 'duplicate', 'duplicate'])
    match(await inbox.stats(), { pending: 2, invalid: 0 })
    assert.equal(shown(await claim(inbox)).toSorted()[0], 'b: fitting')
  },

  'an inbox that is full of invalid events takes no more of them, not to be delivered either': async (fixture) => {
    const { inbox } = await fixture.open({ maxBacklog: 1 })
    assert.equal(await inbox.add(invalidEvent('a')), 'accepted')
    await assert.rejects(async () => await inbox.add(newEvent('a', { problems: PROBLEMS })), FULL)
    assert.equal(await inbox.add(newEvent('a')), 'accepted')
  },

  'more invalid events than maxBacklog are refused, and dead ones stay then': async (fixture) => {
    const { inbox } = await fixture.open({ maxBacklog: 2 })
    const ill = newEvent('a')
    await addAll(inbox, ill, invalidEvent('a'), invalidEvent('a'))
    const held = await claimOne(inbox)
    await inbox.settle(held, dead(held))
    await inbox.stats() // until it is recorded
    await assert.rejects(async () => await inbox.add(invalidEvent('a')), FULL)
    await assert.rejects(async () => await inbox.add({ ...ill, state: 'invalid', problems: PROBLEMS }), FULL)
    match(await inbox.stats(), { pending: 0, dead: 1, invalid: 2 })
    assert.equal(await inbox.add(ill), 'accepted')
    assert.equal(await inbox.add(newEvent('b')), 'accepted')
    await assert.rejects(async () => await inbox.add(newEvent('c')), FULL)
    match(await inbox.stats(), { pending: 2, dead: 0, invalid: 2 })
  }
}
