import assert from 'node:assert/strict'
import type { Outcome } from '../../inbox.ts'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, claim, idOf, labelled, newEvent, outcome, settleOne, shown, someTime } from '../steps.ts'

/** Of durable inboxes: what becomes of an event that has failed. */
export const retrying: Cases = {
  'an event that is to be tried again holds its lane until then, and remembers who has completed it': async (fixture) => {
    const opened = await fixture.open()
    const { inbox } = opened
    await addAll(inbox, ...labelled('a1', 'a2', 'b1'))
    const [held] = await claim(inbox)
    assert.ok(held)
    assert.deepEqual(shown([held]), ['a: a1'])
    opened.woken = 0
    const dueAt = Date.now() + 50
    await inbox.settle(held, outcome(held, 'pending', { dueAt, completed: ['first'], error: 'second: broken' }))
    const claims = [...await claim(inbox)]
    assert.ok(Date.now() >= dueAt || claims.length === 0, 'b is held, and a is not due yet')
    match(await inbox.get(idOf('a1')), { state: 'pending', attempts: 1, error: 'second: broken', dueAt: Date })
    match(await inbox.stats(), { pending: 3, failing: 1 })
    await fixture.until(() => opened.woken > 0) // it says so itself
    await fixture.until(async () => {
      if (claims.length === 0) claims.push(...await claim(inbox))
      return claims.length > 0
    })
    match(claims, [{ lane: 'a', events: { 0: { event: { label: 'a1' }, attempt: 2, completed: ['first'] } } }])
  },

  'who has completed an event and who refuses it is remembered, and after a replay of a dead one who has completed it, unless all are meant': async (fixture) => {
    const { inbox } = await fixture.open()
    const event = newEvent('a')
    await addAll(inbox, event)
    const next = async (state: Outcome['state']) => {
      // What follows a NUL need not be kept.
      const { attempt, completed, refused = [] } = await settleOne(inbox, state, { completed: ['first'], refused: ['second "\\\0'] })
      return { attempt, completed: [...completed], refused: refused.map((listener) => listener.slice(0, 'second "\\'.length)) }
    }
    assert.deepEqual(await next('pending'), { attempt: 1, completed: [], refused: [] })
    assert.deepEqual(await next('dead'), { attempt: 2, completed: ['first'], refused: ['second "\\'] })
    await inbox.replay([event.id])
    assert.deepEqual(await next('dead'), { attempt: 1, completed: ['first'], refused: [] })
    await inbox.replay([event.id], { all: true })
    assert.deepEqual(await next('done'), { attempt: 1, completed: [], refused: [] })
    await inbox.replay([event.id], { all: false })
    assert.deepEqual(await next('done'), { attempt: 1, completed: [], refused: [] }) // a done one is as new
  },

  'for how long an event has failed is counted from its first failure, and from a replay on anew': async (fixture) => {
    const { inbox } = await fixture.open()
    const event = newEvent('a')
    await addAll(inbox, event)
    const next = async (state: Outcome['state'], more: Partial<Outcome> = {}) => {
      const { failingFor = 0 } = await settleOne(inbox, state, more)
      await someTime()
      return failingFor
    }
    assert.equal(await next('pending'), 0)
    const first = await next('pending')
    assert.ok(first > 0 && first < 60_000, `failingFor is ${first}`)
    const second = await next('pending', { aside: true })
    assert.ok(second > first, `failingFor is ${second} after ${first}`)
    const third = await next('dead')
    assert.ok(third > second, `failingFor is ${third} after ${second}`)
    const replayedAt = Date.now()
    await inbox.replay([event.id])
    assert.equal(await next('pending'), 0)
    const again = await next('pending')
    assert.ok(again > 0 && again <= Date.now() - replayedAt + 1, `failingFor is ${again} after a replay`)
  }
}
