import { test } from 'tap'
import type { DeliveryRecord, Outcome } from '../../../index.ts'
import { LeasedClaim, LeaseEnd } from '../../../lib/inbox/postgres/leased-claim.ts'
import { settlementColumns, settlementOf } from '../../../lib/inbox/postgres/settlement.ts'

const HOUR = 3_600_000
const RECORD: DeliveryRecord = { attempt: 2, startedAt: new Date(5), duration: 1, completed: ['save'], failures: [] }
const LINE = '{"attempt":2,"startedAt":5,"duration":1,"completed":["save"],"failures":[]}\n'
const LONGEST = 1e14

function claimOf (lane: string, seqs: number[], more: Partial<Pick<LeasedClaim, 'hasMore' | 'damaged' | 'isCollected'>> & { home?: string, number?: number } = {}): LeasedClaim {
  const claim = new LeasedClaim(lane, more.number ?? 7, '12', new LeaseEnd(HOUR))
  for (const seq of seqs) claim.events.push({ seq, id: `id ${seq}`, name: 'other', event: { event: 'other' }, receivedAt: 5, attempt: 1, completed: [], problems: null, home: more.home ?? null, size: 1 })
  claim.damaged.push(...more.damaged ?? [])
  claim.hasMore = more.hasMore ?? false
  claim.isCollected = more.isCollected ?? false
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
  t.equal(addsOf(claimOf('a', [1, 2]), pending(1, { collects: true }), pending(2, { collects: true })), '12', 'what waits for collectors has left it')
  t.equal(addsOf(claimOf('a', [1, 2]), pending(1, { collects: true }), pending(2)), null)
  const burst = claimOf('collect:a', [1, 2], { home: 'a', isCollected: true })
  t.equal(addsOf(burst, pending(1, { collects: true }), outcome(2)), null, 'unless it waits there')
  t.equal(addsOf(burst, outcome(1), pending(2)), null)
  t.equal(addsOf(burst, pending(1, { aside: true }), pending(2, { aside: true })), '12')
  t.end()
})

test('an event that is to be tried again says when and where, and whether it still runs', (t) => {
  const claim = claimOf('a', [1, 2])
  const { delay, ...rest } = settlementOf(claim, [outcome(1), pending(2, { running: true })])
  t.ok(Number(delay) > HOUR - 60_000 && Number(delay) <= HOUR)
  t.match(rest, { claim, done: [1], burst: null, again: false, failed: [{ seq: '2', state: 0, lane: null, delay, collects: false, stays: false, running: true }] })
  t.match(settlementOf(claim, [outcome(1), pending(2, { aside: true })]), { delay: null, failed: [{ lane: 'aside:id 2', running: false }] })
  t.match(settlementOf(claimOf('id 1', [1]), [pending(1, { aside: true, dueAt: 0 })]), { delay: 0, failed: [{ lane: 'id 1' }] })
  t.match(settlementOf(claimOf('aside:id 1', [1], { home: 'a' }), [pending(1, { aside: true, dueAt: 0 })]), { delay: 0, failed: [{ lane: 'aside:id 1' }] })
  t.match(settlementOf(claim, [outcome(1, 'dead', { aside: true, collects: true, running: true, dueAt: Date.now() + HOUR })]),
    { delay: null, failed: [{ lane: null, delay: null, collects: false, stays: false, running: false }] })
  t.match(settlementOf(claim, []), { delay: null, done: [], failed: [] })
  for (const [dueAt, delay] of [[null, 0], [Date.now() - HOUR, 0], [Infinity, LONGEST]]) t.match(settlementOf(claim, [pending(1, { dueAt: dueAt ?? null })]), { delay })
  t.end()
})

test('an event that waits for collectors says where, and what went wrong with others', (t) => {
  const collecting = (claim: LeasedClaim) => settlementOf(claim, [pending(1, { collects: true, error: 'it was' }), pending(2, { collects: true, dueAt: 0 })])
  t.match(collecting(claimOf('a', [1, 2])), { delay: null, failed: [{ lane: 'collect:a', collects: true, error: 'it was' }, { lane: 'collect:a', collects: true, delay: 0, error: null }] })
  t.match(collecting(claimOf('aside:id 1', [1, 2], { home: 'a' })), { failed: [{ lane: 'collect:a' }, { lane: 'collect:a' }] })
  t.match(collecting(claimOf('collect:aside:id 1', [1, 2], { home: 'a', isCollected: true })), { failed: [{ lane: 'collect:a' }, { lane: 'collect:a' }] })
  t.match(collecting(claimOf('collect:a', [1, 2], { home: 'a', isCollected: true })), { delay: 0, burst: '12', failed: [{ lane: 'collect:a' }, { lane: 'collect:a' }] })
  t.end()
})

test('of a lane of events that wait for collectors it is said when it is due, and those that leave it go together', (t) => {
  const burst = claimOf('collect:a', [1, 2, 3], { home: 'a', isCollected: true })
  const { delay, ...rest } = settlementOf(burst, [outcome(1), pending(2, { aside: true }), pending(3, { aside: true, dueAt: 0 })], Date.now() + HOUR)
  t.ok(Number(delay) > HOUR - 60_000 && Number(delay) <= HOUR)
  t.match(rest, { burst: '12', failed: [{ lane: 'collect:aside:id 2' }, { lane: 'collect:aside:id 2', delay: 0 }] })
  t.match(settlementOf(burst, [outcome(1, 'dead', { aside: true }), pending(2), pending(3, { aside: true })]), { failed: [{ lane: null }, { lane: null }, { lane: 'collect:aside:id 3' }] })
  t.match(settlementOf(burst, [pending(1), pending(2, { running: true })]), { delay: 0, failed: [{ lane: null, running: false }, { lane: null, running: true }] })
  t.match(settlementOf(claimOf('collect:aside:id 1', [1, 2], { home: 'a', isCollected: true }), [pending(1, { aside: true }), pending(2, { aside: true })]),
    { failed: [{ lane: 'collect:aside:id 1' }, { lane: 'collect:aside:id 1' }] }, 'where they are already')
  t.match(settlementOf(claimOf('a', [1, 2]), [pending(1, { collects: true }), pending(2, { aside: true })], Date.now() + HOUR),
    { delay: null, burst: null, failed: [{ lane: 'collect:a' }, { lane: 'aside:id 2' }] }, 'not of any other')
  t.end()
})

test('an event that was done at once is only a number; of all others it is recorded what became of them', (t) => {
  const { done, failed } = settlementOf(claimOf('a', [1, 2, 3, 4], { damaged: ['9'] }), [
    outcome(1),
    outcome(2, 'done', { delivery: RECORD }),
    outcome(3, 'dead', { completed: ['save'], refused: ['reply'], error: 'a\0b' }),
    outcome(4, 'invalid')
  ])
  const gone = { lane: null, delay: null, collects: false, stays: false, running: false }
  t.strictSame(done, [1])
  t.strictSame(failed, [
    { ...gone, seq: '2', state: 1, completed: '{"completed":[]}', error: null, delivery: LINE },
    { ...gone, seq: '3', state: 2, completed: '{"completed":["save"],"refused":["reply"]}', error: 'a\ufffdb', delivery: '' },
    { ...gone, seq: '4', state: 3, completed: '{"completed":[]}', error: null, delivery: '' },
    { ...gone, seq: '9', state: 2, completed: null, error: 'its body is damaged', delivery: '' }
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
    ['a', 'b', 'c'], [7, 7, 7], ['12', null, '12'], [null, null, null], [null, 0, null],
    [1, 2, 3], [1, 1, 2],
    ['4', '5'], [2, 3], [0, 0], [null, 'aside:id 5'], [0, 0], [false, false], [false, false], [true, false], [none, none], ['away', null], [LINE, '']
  ])
  const [, , , bursts, delays, , , seqs, by, states] = settlementColumns([
    settlementOf(claimOf('collect:b', [10, 11], { home: 'b', isCollected: true }), [pending(10, { dueAt: 0 }), outcome(11, 'dead')], Date.now() - HOUR),
    settlementOf(claimOf('a', [9, 10]), [outcome(9, 'invalid'), outcome(10, 'dead')])
  ])
  t.strictSame([bursts, delays], [['12', null], [0, null]])
  t.strictSame([seqs, by, states], [['9', '10', '11'], [2, 1, 1], [3, 0, 2]], 'those that failed in order, and each as what it comes first')
  const lost = settlementOf(claimOf('a', [10]), [pending(10, { dueAt: 0 })])
  const again = settlementOf(claimOf('collect:a', [10], { number: 8 }), [outcome(10, 'dead')])
  for (const both of [[lost, again], [again, lost]]) t.strictSame(settlementColumns(both)[8], [both.indexOf(again) + 1], 'and what is here again as what it is now')
  t.end()
})
