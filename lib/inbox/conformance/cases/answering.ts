import assert from 'node:assert/strict'
import type { Cases } from '../fixture.ts'
import { addAll, adds, claim, dead, done, newEvent, shown } from '../steps.ts'

/** Of inboxes that are not durable: the sender learns what became of an event. */
export const answering: Cases = {
  'an event is answered when it is done, and refused and forgotten when it is dead': async (fixture) => {
    const { inbox } = await fixture.open()
    const [well, ill] = [newEvent('a', { label: 'well' }), newEvent('b', { label: 'ill' })]
    const answers: unknown[] = []
    const added = adds(inbox, well, ill)
    void Promise.allSettled([Promise.race(added)]).then(() => { answers.push('answered') })
    const claims = await claim(inbox)
    assert.deepEqual([shown(claims), answers], [['a: well', 'b: ill'], []])
    for (const held of claims) await inbox.settle(held, held.lane === 'a' ? done(held) : dead(held))
    assert.equal(await added[0], 'accepted')
    await assert.rejects(async () => await added[1], { code: 'FST_ONEROUTE_NOT_DELIVERED' })
    assert.equal(await inbox.add(well), 'duplicate')
    await addAll(inbox, ill)
    assert.deepEqual(shown(await claim(inbox)), ['b: ill'])
  }
}
