import assert from 'node:assert/strict'
import type { Claim } from '../../inbox.ts'
import type { Cases, Opened, Fixture } from '../fixture.ts'
import { match } from '../match.ts'
import { addAll, claim, deliverAll, done, firstOf, idOf, labelled, newEvent, outcome, settleOne, storedEvent } from '../steps.ts'

/** What is due after a crash. With leases, that may take a while. */
async function claimAfter (fixture: Fixture, { inbox }: Opened): Promise<readonly Claim[]> {
  return await fixture.until(async () => {
    const claims = await claim(inbox)
    return claims.length > 0 && claims
  })
}

/** Delivers all, and returns in which order. */
async function deliverAfter (fixture: Fixture, { inbox }: Opened): Promise<string[]> {
  const delivered: string[] = []
  await fixture.until(async () => {
    delivered.push(...await deliverAll(inbox))
    return (await inbox.stats()).pending === 0
  })
  return delivered
}

/** Of durable inboxes whose author says how a process of theirs is killed. */
export const killed: Cases = {
  'what was accepted is there after the process was killed, and what was not settled is claimed again': async (fixture) => {
    const opened = await fixture.open()
    const events = labelled('a1', 'a2', 'a3', 'b1')
    await addAll(opened.inbox, ...events)
    await settleOneOf(opened, 'a')
    const after = await fixture.kill(opened)
    const { inbox } = after
    match(await inbox.stats(), { pending: 3, done: 1 })
    for (const event of events) assert.equal(await inbox.add(event), 'duplicate')
    assert.deepEqual((await deliverAfter(fixture, after)).toSorted(), ['a: a2', 'a: a3', 'b: b1'])
    match(await inbox.stats(), { pending: 0, done: 4 })
  },

  'what was under way when the process was killed is delivered one after the other, each recorded before, and all else beside it': async (fixture) => {
    const opened = await fixture.open()
    await addAll(opened.inbox, ...labelled('a1', 'a2', 'b1'))
    assert.equal((await claim(opened.inbox)).length, 2)
    const after = await fixture.kill(opened)
    const { inbox } = after
    await addAll(inbox, ...labelled('c1'))
    const claims = [...await claimAfter(fixture, after)]
    claims.push(...await claim(inbox))
    const suspects = claims.filter(({ lane }) => lane !== 'c')
    assert.deepEqual([claims.length, suspects.length], [2, 1])
    const [suspect] = suspects
    assert.ok(suspect)
    const { id, attempt, interrupted = false } = firstOf(suspect)
    assert.deepEqual([suspect.events.length, interrupted], [1, false])
    assert.equal((await storedEvent(inbox, id)).attempts, attempt)
    for (const held of claims) await inbox.settle(held, done(held))
    assert.ok((await deliverAfter(fixture, after)).includes('a: a2'))
    match(await inbox.stats(), { pending: 0, failing: 0, done: 4 })
  },

  'an event during which the process was killed while it was alone is interrupted, and dead if that is its last attempt': async (fixture) => {
    const opened = await fixture.open()
    await addAll(opened.inbox, newEvent('a', { label: 'poison' }), newEvent('a', { label: 'behind' }))
    await claim(opened.inbox)
    const again = await fixture.kill(opened)
    const [suspect] = await claimAfter(fixture, again)
    assert.ok(suspect)
    const { attempt } = firstOf(suspect)
    const last = await fixture.kill(again)
    const [interrupted] = await claimAfter(fixture, last)
    assert.ok(interrupted)
    match(firstOf(interrupted), { event: { label: 'poison' }, attempt, interrupted: true })
    await last.inbox.settle(interrupted, outcome(interrupted, 'dead'))
    match(await last.inbox.get(idOf('poison')), { state: 'dead', attempts: attempt })
    match(await settleOne(last.inbox, 'done'), { event: { label: 'behind' }, attempt: 1 })
  }
}

/** Claims all, and settles the first event of one lane as done. */
async function settleOneOf ({ inbox }: Opened, lane: string): Promise<void> {
  for (const held of await claim(inbox)) if (held.lane === lane) await inbox.settle(held, done(held))
  await inbox.stats() // until it is recorded
}
