import assert from 'node:assert/strict'
import { collect, outcomes, WAITS } from '../collecting-steps.ts'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { BROKEN, claimOne, HOUR, idOf } from '../steps.ts'

/** Of what waits for collectors, and has failed. */
export const collectingRetries: Cases = {
  'what has failed says when it is tried again, and keeps its time and its attempts, whatever becomes of it beside others': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1', 'a2'])
    const held = await claimOne(inbox)
    const [first, second] = outcomes(held, 'pending', { dueAt: Date.now() + HOUR })
    assert.ok(first && second)
    await inbox.settle(held, [{ ...first, ...WAITS, dueAt: 1 }, second], 1)
    const again = await claimOne(inbox)
    assert.deepEqual(again.events.map(({ attempt, dueIn = 0 }) => [attempt, dueIn > HOUR / 2 && dueIn <= HOUR]), [[1, false], [2, true]])
    await inbox.settle(again, outcomes(again, 'pending', { ...WAITS, stays: true, completed: ['save', 'answer'] }), 1)
    match(await inbox.get(idOf('a1')), { attempts: 0, error: null })
    match(await inbox.get(idOf('a2')), { attempts: 1, error: BROKEN })
    const { events } = await claimOne(inbox)
    assert.deepEqual(events.map(({ attempt, completed, dueIn = 0 }) => [attempt, completed, dueIn > HOUR / 2]), [[1, ['save', 'answer'], false], [2, ['save', 'answer'], true]])
  },

  'what has failed keeps that also if it is due by the time that it stays, and begins anew if it does not stay': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1'])
    const held = await claimOne(inbox)
    await inbox.settle(held, outcomes(held, 'pending'), 1)
    const again = await claimOne(inbox)
    await inbox.settle(again, outcomes(again, 'pending', { ...WAITS, stays: true }), 1)
    const last = await claimOne(inbox)
    assert.equal(last.events[0]?.attempt, 2)
    match(await inbox.get(idOf('a1')), { attempts: 1, error: BROKEN })
    await inbox.settle(last, outcomes(last, 'pending', WAITS), 1)
    match(await inbox.get(idOf('a1')), { attempts: 0, error: null })
  },

  'what has failed and stays does so also where it was set aside': async (fixture) => {
    const { inbox } = await fixture.open()
    await collect(inbox, ['a1', 'a2'])
    const held = await claimOne(inbox)
    await inbox.settle(held, outcomes(held, 'pending', { aside: true }), 1)
    const aside = await claimOne(inbox)
    const [first, second] = outcomes(aside, 'done')
    assert.ok(first && second)
    await inbox.settle(aside, [{ ...first, ...WAITS, state: 'pending', dueAt: 1, stays: true }, second], 1)
    match(await inbox.get(idOf('a1')), { lane: 'a', isAside: true, isCollected: true, attempts: 1, error: BROKEN })
    const { events: [event] } = await claimOne(inbox)
    assert.deepEqual([event?.attempt, event?.isAside], [2, true])
  }
}
