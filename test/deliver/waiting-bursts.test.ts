import { test } from 'tap'
import type { Claim, ClaimedEvent } from '../../lib/inbox/inbox.ts'
import { WaitingBursts } from '../../lib/deliver/waiting-bursts.ts'
import { collectorOf } from '../../lib/webhooks/collectors.ts'
import type { Collector } from '../../lib/webhooks/collectors.ts'
import { until } from '../faults/helpers/until.ts'

const eventOf = (seq: number): ClaimedEvent => ({
  seq, id: `${seq}`, name: 'newMessage', event: { event: 'newMessage' }, receivedAt: Date.now(), attempt: 1, completed: [], problems: null, collectedFrom: 'a'
})

const claimOf = (...seqs: number[]): Claim => ({ lane: 'collect:a', events: seqs.map(eventOf) })

/** A collector that waits as briefly as can be, so that what it has waited for is long enough. */
const brief = (most = 20) => collectorOf('newMessage', { quiet: 1, within: 1, most }, () => {})

/** Of a burst that is not complete by the clock. */
const burstOf = (collector: Collector, events: readonly ClaimedEvent[], all = events) => ({ key: 'collect:answer', collector, events, all, completeAt: Date.now() + 1_000_000 })

test('how long a process has waited for what follows an event goes for what follows that one', async (t) => {
  const waiting = new WaitingBursts()
  const collector = brief()
  const isComplete = (claim: Claim) => waiting.isComplete(claim, burstOf(collector, claim.events))
  const first = claimOf(1)
  waiting.wait(first, [burstOf(collector, first.events)])
  t.notOk(isComplete(claimOf(2)), 'the first was removed')
  await until(() => isComplete(first))
  t.notOk(isComplete(claimOf(2)))
  t.ok(isComplete(claimOf(1, 2)))
})

test('how long it has waited for one collector is nothing to another', async (t) => {
  const waiting = new WaitingBursts()
  const [answer, summary] = [brief(), brief()]
  const claim = claimOf(1)
  waiting.wait(claim, [burstOf(summary, claim.events)])
  await until(() => waiting.isComplete(claim, burstOf(summary, claim.events)))
  const both = claimOf(1, 2)
  t.notOk(waiting.isComplete(both, burstOf(answer, both.events.slice(1))), 'which has had the first')
  waiting.end(both, [burstOf(answer, both.events.slice(1))])
  t.ok(waiting.isComplete(both, burstOf(summary, both.events)), 'nor what that was handed over')
})

test('how long it has waited in a conversation is nothing to what was set aside there', async (t) => {
  const waiting = new WaitingBursts()
  const collector = brief()
  const claim = claimOf(1)
  const aside: Claim = { lane: 'collect:aside:2', events: [{ ...eventOf(2), isAside: true }] }
  const isComplete = ({ lane, events }: Claim) => waiting.isComplete({ lane, events }, burstOf(collector, events))
  for (const { lane, events } of [claim, aside]) waiting.wait({ lane, events }, [burstOf(collector, events)])
  await until(() => isComplete(claim) && isComplete(aside))
  waiting.end(claim, [burstOf(collector, claim.events)])
  t.same([isComplete(claim), isComplete(aside)], [false, true])
})

test('what waits for one collector does not fill the burst of another', (t) => {
  const waiting = new WaitingBursts()
  const [answer, summary] = [brief(2), brief(100)]
  t.same(['1', '2'].map((id) => waiting.isFull('a', id, [answer, summary])), [false, true])
  const claim = claimOf(1, 2)
  waiting.end(claim, [burstOf(answer, claim.events)])
  waiting.wait(claim, [burstOf(summary, claim.events)])
  t.same(['3', '4'].map((id) => waiting.isFull('a', id, [answer, summary])), [false, true])
  t.end()
})

test('what was on its way at a look is counted with what comes next, and what two looks have missed is not', (t) => {
  const waiting = new WaitingBursts()
  const collector = brief(4)
  const look = (...seqs: number[]) => waiting.wait(claimOf(...seqs), [burstOf(collector, claimOf(...seqs).events)])
  for (const id of ['1', '2', '3']) t.notOk(waiting.isFull('a', id, [collector]))
  look(1, 2)
  t.ok(waiting.isFull('a', '4', [collector]))
  look(1, 2, 4)
  t.notOk(waiting.has('a', '3'), 'others have handed it over')
  waiting.end(claimOf(1, 2), [burstOf(collector, claimOf(1, 2).events)])
  t.same(['1', '2', '4'].map((id) => waiting.has('a', id)), [false, false, true])
  t.end()
})

test('how long a process has waited is known still when others hand its events over', async (t) => {
  const waiting = new WaitingBursts()
  const collector = brief(2)
  const isComplete = () => waiting.isComplete(claimOf(1), burstOf(collector, claimOf(1).events))
  waiting.wait(claimOf(1), [burstOf(collector, claimOf(1).events)])
  await until(isComplete)
  t.same(['2', '3', '4'].map((id) => waiting.isFull('a', id, [collector])), [true, true, true])
  t.ok(isComplete())
})

test('what has waited for others is looked at again as soon as it has waited for its quiet time', async (t) => {
  const waiting = new WaitingBursts()
  const collector = collectorOf('newMessage', { quiet: 10_000 }, () => {})
  const { events } = claimOf(1)
  const look = () => waiting.wait({ lane: 'collect:a', events, isFollowed: true }, [{ ...burstOf(collector, events), completeAt: 0 }])
  const first = look()
  const latest = Date.now() + 10_000
  await until(() => Date.now() > latest - 10_000 + 20)
  const second = look()
  t.ok(second <= latest + 2, 'in whole milliseconds of two clocks')
  t.ok(Math.min(first, second) > latest - 9_000, 'and not before')
})
