import assert from 'node:assert/strict'
import type { Claim } from '../../inbox.ts'
import { collect, labelsOf, outcomes, WAITS } from '../collecting-steps.ts'
import type { Cases, Fixture, Opened } from '../fixture.ts'
import { match } from '../match.ts'
import { claim, claimOne, firstOf } from '../steps.ts'

async function claimAfter (fixture: Fixture, { inbox }: Opened): Promise<Claim> {
  return await fixture.until(async () => (await claim(inbox))[0])
}

/** Of inboxes that keep what waits for collectors, and whose author says how a process of theirs is killed. */
export const collectingKilled: Cases = {
  'what was handed over together when the process was killed is claimed together again, and interrupted if that ended the process twice': async (fixture) => {
    const opened = await fixture.open()
    await collect(opened.inbox, ['a1', 'a2', 'a3'])
    await claimOne(opened.inbox)
    const again = await fixture.kill(opened)
    const suspect = await claimAfter(fixture, again)
    assert.deepEqual([labelsOf(suspect), firstOf(suspect).interrupted === true], [['a1', 'a2', 'a3'], false])
    const last = await fixture.kill(again)
    const interrupted = await claimAfter(fixture, last)
    assert.deepEqual([labelsOf(interrupted), firstOf(interrupted).interrupted], [['a1', 'a2', 'a3'], true])
    await last.inbox.settle(interrupted, outcomes(interrupted, 'dead'))
    match(await last.inbox.stats(), { pending: 0, dead: 3 })
  },

  'what is given back of what was handed over when the process was killed is claimed again': async (fixture) => {
    const opened = await fixture.open()
    await collect(opened.inbox, ['a1', 'a2'])
    await claimOne(opened.inbox)
    const again = await fixture.kill(opened)
    const { inbox } = again
    for (let i = 0; i < 2; i++) {
      const held = await claimAfter(fixture, again)
      assert.deepEqual(labelsOf(held), ['a1', 'a2'])
      await inbox.settle(held, [])
    }
    const held = await claimAfter(fixture, again)
    await inbox.settle(held, outcomes(held, 'done'))
    match(await inbox.stats(), { pending: 0, done: 2 })
  },

  'what has ended the process is tried alone, and loses an attempt each time that it does so again, also behind an event that waits for another collector': async (fixture) => {
    let opened = await fixture.open()
    await collect(opened.inbox, ['a1', 'a2'])
    for (let end = 1; end <= 2; end++) {
      await claimAfter(fixture, opened)
      opened = await fixture.kill(opened)
    }
    for (let attempt = 1; attempt <= 3; attempt++) {
      const interrupted = await claimAfter(fixture, opened)
      assert.deepEqual([labelsOf(interrupted), firstOf(interrupted).interrupted, interrupted.events[1]?.attempt], [['a1', 'a2'], true, attempt])
      await opened.inbox.settle(interrupted, [...outcomes(interrupted, 'pending', { ...WAITS, stays: true }).slice(0, 1), ...outcomes(interrupted, 'pending').slice(1)], 1)
      await claimAfter(fixture, opened)
      opened = await fixture.kill(opened)
    }
  }
}
