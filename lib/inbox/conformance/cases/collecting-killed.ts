import assert from 'node:assert/strict'
import { collect, labelsOf, outcomes } from '../collecting-steps.ts'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { claim, claimOne, firstOf } from '../steps.ts'

/** Of inboxes that keep what waits for collectors, and whose author says how a process of theirs is killed. */
export const collectingKilled: Cases = {
  'what was handed over together when the process was killed is claimed together again, and interrupted if that ended the process twice': async (fixture) => {
    const opened = await fixture.open()
    await collect(opened.inbox, ['a1', 'a2', 'a3'])
    await claimOne(opened.inbox)
    const again = await fixture.kill(opened)
    const suspect = await fixture.until(async () => (await claim(again.inbox))[0])
    assert.deepEqual([labelsOf(suspect), firstOf(suspect).interrupted === true], [['a1', 'a2', 'a3'], false])
    const last = await fixture.kill(again)
    const interrupted = await fixture.until(async () => (await claim(last.inbox))[0])
    assert.deepEqual([labelsOf(interrupted), firstOf(interrupted).interrupted], [['a1', 'a2', 'a3'], true])
    await last.inbox.settle(interrupted, outcomes(interrupted, 'dead'))
    match(await last.inbox.stats(), { pending: 0, dead: 3 })
  },

  'what is given back of what was handed over when the process was killed is claimed again': async (fixture) => {
    const opened = await fixture.open()
    await collect(opened.inbox, ['a1', 'a2'])
    await claimOne(opened.inbox)
    const { inbox } = await fixture.kill(opened)
    for (let i = 0; i < 2; i++) {
      const held = await fixture.until(async () => (await claim(inbox))[0])
      assert.deepEqual(labelsOf(held), ['a1', 'a2'])
      await inbox.settle(held, [])
    }
    const held = await fixture.until(async () => (await claim(inbox))[0])
    await inbox.settle(held, outcomes(held, 'done'))
    match(await inbox.stats(), { pending: 0, done: 2 })
  }
}
