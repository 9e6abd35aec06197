import { test } from 'tap'
import type { DeliveryRecord, Outcome } from '../../../index.ts'
import { LeasedClaim, LeaseEnd } from '../../../lib/inbox/postgres/leased-claim.ts'
import { settlementColumns, settlementOf } from '../../../lib/inbox/postgres/settlement.ts'

const HOUR = 3_600_000
const RECORD: DeliveryRecord = { attempt: 2, startedAt: new Date(5), duration: 1, completed: ['save'], failures: [] }
const LINE = '{"attempt":2,"startedAt":5,"duration":1,"completed":["save"],"failures":[]}\n'
const LONGEST = 1e14

function claimOf (lane: string, seqs: number[], more: Partial<Pick<LeasedClaim, 'hasMore' | 'damaged'>> = {}): LeasedClaim {
  const claim = new LeasedClaim(lane, 7, '12', new LeaseEnd(HOUR))
  for (const seq of seqs) claim.events.push({ seq, id: `id ${seq}`, name: 'other', event: { event: 'other' }, receivedAt: 5, attempt: 1, completed: [], problems: null, size: 1 })
  claim.damaged.push(...more.damaged ?? [])
  claim.hasMore = more.hasMore ?? false
  return claim
}

const outcome = (seq: number, state: Outcome['state'] = 'done', more: Partial<Outcome> = {}): Outcome => ({ seq, state, dueAt: null, completed: [], error: null, ...more })
const pending = (seq: number, more: Partial<Outcome> = {}) => outcome(seq, 'pending', { dueAt: Date.now() + HOUR, ...more })

test('a lane is through if all was delivered that it had when it was claimed', (t) => {
  const addsOf = (claim: LeasedClaim, ...outcomes: Outcome[]) => settlementOf(claim, outcomes).adds
  t.equal(addsOf(claimOf('a', [1, 2]), outcome(1), outcome(2, 'dead')), '12')
  t.equal(addsOf(claimOf('a', [1, 2]), outcome(1)), null)
  t.equal(addsOf(claimOf('a', [1, 2], { hasMore: true }), outcome(1), outcome(2)), null)
  t.equal(addsOf(claimOf('a', [1, 2]), outcome(1), pending(2)), null)
  t.equal(addsOf(claimOf('a', [1, 2]), outcome(1), pending(2, { aside: true })), '12', 'what is to be tried again has left it')
  t.equal(addsOf(claimOf('a', [1, 2], { hasMore: true }), outcome(1), pending(2, { aside: true })), null)
  t.equal(addsOf(claimOf('id 1', [1]), pending(1, { aside: true })), null, 'it is alone there')
  t.end()
})

test('an event that is to be tried again says when and where, and whether it still runs', (t) => {
  const claim = claimOf('a', [1, 2])
  const { delay, ...rest } = settlementOf(claim, [outcome(1), pending(2, { running: true })])
  t.ok(Number(delay) > HOUR - 60_000 && Number(delay) <= HOUR)
  t.match(rest, { claim, done: [1], aside: null, running: true, again: false, failed: [{ seq: '2', state: 0 }] })
  t.match(settlementOf(claim, [outcome(1), pending(2, { aside: true })]), { aside: 'aside:id 2', running: false })
  t.match(settlementOf(claimOf('id 1', [1]), [pending(1, { aside: true })]), { aside: 'id 1' })
  t.match(settlementOf(claimOf('aside:id 1', [1]), [pending(1, { aside: true })]), { aside: 'aside:id 1' })
  t.match(settlementOf(claim, [outcome(1, 'dead', { aside: true, running: true, dueAt: Date.now() + HOUR })]), { delay: null, aside: null, running: false })
  t.match(settlementOf(claim, []), { delay: null, aside: null, running: false, done: [], failed: [] })
  for (const [dueAt, delay] of [[null, 0], [Date.now() - HOUR, 0], [Infinity, LONGEST]]) t.match(settlementOf(claim, [pending(1, { dueAt: dueAt ?? null })]), { delay })
  t.end()
})

test('an event that was done at once is only a number; of all others it is recorded what became of them', (t) => {
  const { done, failed } = settlementOf(claimOf('a', [1, 2, 3, 4], { damaged: ['9'] }), [
    outcome(1),
    outcome(2, 'done', { delivery: RECORD }),
    outcome(3, 'dead', { completed: ['save'], refused: ['reply'], error: 'a\0b' }),
    outcome(4, 'invalid')
  ])
  t.strictSame(done, [1])
  t.strictSame(failed, [
    { seq: '2', state: 1, completed: '{"completed":[]}', error: null, delivery: LINE },
    { seq: '3', state: 2, completed: '{"completed":["save"],"refused":["reply"]}', error: 'a\ufffdb', delivery: '' },
    { seq: '4', state: 3, completed: '{"completed":[]}', error: null, delivery: '' },
    { seq: '9', state: 2, completed: null, error: 'its body is damaged', delivery: '' }
  ])
  t.end()
})

test('several settlements are columns, and each event says by its place of which it is', (t) => {
  const settlements = [
    settlementOf(claimOf('a', [1, 2]), [outcome(1), outcome(2)]),
    settlementOf(claimOf('b', [3, 4]), [outcome(3), pending(4, { dueAt: 0, error: 'away', running: true, delivery: RECORD })]),
    settlementOf(claimOf('c', [5]), [pending(5, { dueAt: 0, aside: true })])
  ]
  const none = '{"completed":[]}'
  t.strictSame(settlementColumns(settlements), [
    ['a', 'b', 'c'], [7, 7, 7], ['12', null, '12'], [null, 0, 0], [null, null, 'aside:id 5'], [false, true, false],
    [1, 2, 3], [1, 1, 2],
    ['4', '5'], [2, 3], [0, 0], [none, none], ['away', null], [LINE, '']
  ])
  t.end()
})
