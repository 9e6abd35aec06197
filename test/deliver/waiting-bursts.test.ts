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
  const isComplete = (claim: Claim) => waiting.completeOf(claim, [burstOf(collector, claim.events)]).length > 0
  const first = claimOf(1)
  t.notOk(isComplete(first))
  await until(() => isComplete(first))
  t.ok(isComplete(claimOf(1, 2)))
  t.notOk(isComplete(claimOf(2)), 'the first was removed')
})

test('how long it has waited for one collector is nothing to another', async (t) => {
  const waiting = new WaitingBursts()
  const [answer, summary] = [brief(), brief()]
  const claim = claimOf(1)
  const ofSummary = burstOf(summary, claim.events)
  await until(() => waiting.completeOf(claim, [ofSummary]).length > 0)
  const both = claimOf(1, 2)
  const ofAnswer = burstOf(answer, both.events.slice(1))
  t.same(waiting.completeOf(both, [ofAnswer]), [], 'which has had the first')
  waiting.end(both, [ofAnswer])
  t.same(waiting.completeOf(both, [ofSummary]), [ofSummary], 'nor what that was handed over')
})

test('how long it has waited for one collector is known also if another one was handed something over at each look', async (t) => {
  const waiting = new WaitingBursts()
  const [answer, summary] = [brief(), brief()]
  const claim = claimOf(1)
  const ofSummary = burstOf(summary, claim.events)
  const ofAnswer = { ...burstOf(answer, claim.events), completeAt: null }
  t.same(waiting.completeOf(claim, [ofAnswer, ofSummary]), [ofAnswer])
  waiting.end(claim, [ofAnswer])
  const since = performance.now()
  await until(() => performance.now() > since + 1)
  t.same(waiting.completeOf(claim, [ofSummary]), [ofSummary])
})

test('how long it has waited in a conversation is nothing to what was set aside there', async (t) => {
  const waiting = new WaitingBursts()
  const collector = brief()
  const claim = claimOf(1)
  const aside: Claim = { lane: 'collect:aside:2', events: [{ ...eventOf(2), isAside: true }] }
  const isComplete = ({ lane, events }: Claim) => waiting.completeOf({ lane, events }, [burstOf(collector, events)]).length > 0
  await until(() => [claim, aside].filter(isComplete).length === 2)
  waiting.end(claim, [burstOf(collector, claim.events)])
  t.same([isComplete(claim), isComplete(aside)], [false, true])
})

test('what waits for one collector does not fill the burst of another', (t) => {
  const waiting = new WaitingBursts()
  const [answer, summary] = [2, 100].map((most) => collectorOf('newMessage', { quiet: 1, most }, () => {})) as [Collector, Collector]
  t.same(['1', '2'].map((id) => waiting.waitOf('a', eventOf(Number(id)), [answer, summary])), [1, 0])
  const claim = claimOf(1, 2)
  waiting.end(claim, [burstOf(answer, claim.events)])
  waiting.wait(claim, [burstOf(summary, claim.events)])
  t.same(['3', '4'].map((id) => waiting.waitOf('a', eventOf(Number(id)), [answer, summary])), [1, 0])
  t.end()
})

test('what was on its way at a look is counted with what comes next, and what two looks have missed is not', (t) => {
  const waiting = new WaitingBursts()
  const collector = collectorOf('newMessage', { most: 4 }, () => {})
  const look = (...seqs: number[]) => waiting.wait(claimOf(...seqs), [burstOf(collector, claimOf(...seqs).events)])
  for (const id of ['1', '2', '3']) t.equal(waiting.waitOf('a', eventOf(Number(id)), [collector]), 2_000)
  look(1, 2)
  t.equal(waiting.waitOf('a', eventOf(4), [collector]), 0)
  look(1, 2, 4)
  t.notOk(waiting.has('a', '3'), 'others have handed it over')
  waiting.end(claimOf(1, 2), [burstOf(collector, claimOf(1, 2).events)])
  t.same(['1', '2', '4'].map((id) => waiting.has('a', id)), [false, false, true])
  t.end()
})

test('how long a process has waited is known still when others hand its events over', async (t) => {
  const waiting = new WaitingBursts()
  const collector = brief(2)
  const isComplete = () => waiting.completeOf(claimOf(1), [burstOf(collector, claimOf(1).events)]).length > 0
  await until(isComplete)
  t.same(['2', '3', '4', '5', '6'].map((id) => waiting.waitOf('a', eventOf(Number(id)), [collector])), [1, 0, 0, 0, 1])
  t.ok(isComplete())
})

test('what has waited for others is looked at again as soon as it has waited for its quiet time', async (t) => {
  const waiting = new WaitingBursts()
  const collector = collectorOf('newMessage', { quiet: 10_000 }, () => {})
  const { events } = claimOf(1)
  const look = () => {
    const [claim, bursts] = [{ lane: 'collect:a', events, isFollowed: true }, [{ ...burstOf(collector, events), completeAt: 0 }]]
    waiting.completeOf(claim, bursts)
    return waiting.wait(claim, bursts)
  }
  const first = look()
  const latest = Date.now() + 10_000
  await until(() => Date.now() > latest - 10_000 + 20)
  const second = look()
  t.ok(second <= latest + 2, 'in whole milliseconds of two clocks')
  t.ok(Math.min(first, second) > latest - 9_000, 'and not before')
})
