import { test } from 'tap'
import type { Claim, ClaimedEvent } from '../../lib/inbox/inbox.ts'
import { WaitingBursts } from '../../lib/deliver/waiting-bursts.ts'
import { until } from '../faults/helpers/until.ts'

const collector = { name: 'newMessage', listener: () => {}, quiet: 1, within: 1, most: 20 }

const eventOf = (seq: number): ClaimedEvent => ({
  seq, id: `${seq}`, name: 'newMessage', event: { event: 'newMessage' }, receivedAt: Date.now(), attempt: 1, completed: [], problems: null, collectedFrom: 'a'
})

const claimOf = (...seqs: number[]): Claim => ({ lane: 'collect:a', events: seqs.map(eventOf) })

test('how long a process has waited for what follows an event goes for what follows that one', async (t) => {
  const waiting = new WaitingBursts()
  const burstOf = ({ events }: Claim) => ({ key: 'collect:answer', collector, events, completeAt: Date.now() + 1_000_000 })
  const first = claimOf(1)
  waiting.wait(first, [burstOf(first)])
  t.notOk(waiting.isComplete(claimOf(2), burstOf(claimOf(2))), 'the first was removed')
  await until(() => waiting.isComplete(first, burstOf(first)))
  t.notOk(waiting.isComplete(claimOf(2), burstOf(claimOf(2))))
  t.ok(waiting.isComplete(claimOf(1, 2), burstOf(claimOf(1, 2))))
})

test('what was on its way at a look is counted with what comes next, and what two looks have missed is not', (t) => {
  const waiting = new WaitingBursts()
  const burstOf = ({ events }: Claim) => ({ key: 'collect:answer', collector, events, completeAt: Date.now() + 1_000_000 })
  const look = (...seqs: number[]) => waiting.wait(claimOf(...seqs), [burstOf(claimOf(...seqs))])
  for (const id of ['1', '2', '3']) t.notOk(waiting.isFull('a', id, 4))
  look(1, 2)
  t.ok(waiting.isFull('a', '4', 4))
  look(1, 2, 4)
  t.notOk(waiting.has('a', '3'), 'others have handed it over')
  waiting.end(claimOf(1, 2), [burstOf(claimOf(1, 2))])
  t.same(['1', '2', '4'].map((id) => waiting.has('a', id)), [false, false, true])
  t.end()
})

test('how long a process has waited is known still when others hand its events over', async (t) => {
  const waiting = new WaitingBursts()
  const burstOf = ({ events }: Claim) => ({ key: 'collect:answer', collector, events, completeAt: Date.now() + 1_000_000 })
  waiting.wait(claimOf(1), [burstOf(claimOf(1))])
  await until(() => waiting.isComplete(claimOf(1), burstOf(claimOf(1))))
  t.same(['2', '3', '4'].map((id) => waiting.isFull('a', id, 2)), [true, true, true])
  t.ok(waiting.isComplete(claimOf(1), burstOf(claimOf(1))))
})
