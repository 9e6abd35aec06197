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
