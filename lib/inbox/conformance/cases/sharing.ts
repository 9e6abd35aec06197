import assert from 'node:assert/strict'
import type { Cases } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, claim, done, labelled, shown } from '../steps.ts'

/** Of durable inboxes that several processes may have open at once. */
export const sharing: Cases = {
  'of several inboxes on one store, one has a lane at a time, and what one has accepted is a duplicate for the others': async (fixture) => {
    const one = await fixture.open()
    const other = await fixture.open({ store: one.store })
    const events = labelled('a1', 'a2', 'a3')
    await addAll(one.inbox, ...events.slice(0, 2))
    await addAll(other.inbox, ...events.slice(2))
    for (const event of events) for (const { inbox } of [one, other]) assert.equal(await inbox.add(event), 'duplicate')
    const delivered: string[] = []
    for (const { inbox } of [other, one, other]) {
      const [held] = await fixture.until(async () => {
        const claims = await claim(inbox)
        return claims.length > 0 && claims
      })
      assert.ok(held)
      for (const { inbox } of [one, other]) assert.deepEqual(await claim(inbox), [])
      delivered.push(...shown([held]))
      await inbox.settle(held, done(held))
      await inbox.stats() // until it is recorded
    }
    assert.deepEqual(delivered, ['a: a1', 'a: a2', 'a: a3'])
    for (const { inbox } of [one, other]) match(await inbox.stats(), { pending: 0, done: 3 })
  }
}
