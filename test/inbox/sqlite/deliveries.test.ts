import { test } from 'tap'
import type { Claim, Outcome } from '../../../index.ts'
import type { LiveEvent } from '../../../lib/inbox/sql/rows.ts'
import { Deliveries } from '../../../lib/inbox/sqlite/deliveries.ts'

// As the module has them, and docs/architecture.md says.
const MOST_EVENTS = 2_048
const MOST_BYTES = 8_388_608
const MOST_OF_A_LANE = 64

let last = 0
const eventOf = (seq = ++last, size = 1, home: string | null = null): LiveEvent => ({ seq, id: `id ${seq}`, name: 'other', event: { event: 'other' }, receivedAt: 5, attempt: 1, completed: [], problems: null, home, size })
const outcome = (state: Outcome['state'] = 'done', more: Partial<Outcome> = {}): Outcome => ({ seq: 0, state, dueAt: null, completed: [], error: null, ...more })
const seqsOf = (claims: readonly Claim[]) => claims.map(({ lane, events }) => [lane, ...events.map(({ seq }) => seq)])

function filled (lanes: Record<string, number[]>): Deliveries {
  const deliveries = new Deliveries()
  for (const [lane, seqs] of Object.entries(lanes)) for (const seq of seqs) deliveries.push(lane, eventOf(seq, 1, lane.startsWith('aside:') ? 'a' : null))
  return deliveries
}

/** The one claim that there is. */
function claimOne (deliveries: Deliveries): Claim {
  const claims = deliveries.claim(10)
  if (claims.length !== 1 || claims[0] === undefined) throw new Error(`there are ${claims.length} claims`)
  return claims[0]
}

/** How many more events of one byte, each in a lane of its own, there is room for. */
function roomIn (deliveries: Deliveries): number {
  let events = 0
  while (deliveries.hasRoom('new', { events, ofLane: 0, bytes: 0 })) events++
  return events
}

function bytesIn (deliveries: Deliveries): number {
  let [bytes, step] = [0, MOST_BYTES]
  for (; step >= 1; step /= 2) if (deliveries.hasRoom('new', { events: 0, ofLane: 0, bytes: bytes + step - 1 })) bytes += step
  return MOST_BYTES - bytes
}

test('lanes are claimed in the order in which they became ready, with all their events, and once', (t) => {
  const deliveries = filled({ a: [1, 3], b: [2], c: [4] })
  t.ok(deliveries.isReady)
  t.same(deliveries.claim(0), [])
  t.same(seqsOf(deliveries.claim(2)), [['a', 1, 3], ['b', 2]])
  t.same(seqsOf(deliveries.claim(2)), [['c', 4]])
  t.notOk(deliveries.isReady)
  t.same(deliveries.claim(2), [])
  t.same(deliveries.names(), ['a', 'b', 'c'])
  t.ok(deliveries.has('a'))
  t.notOk(deliveries.has('d'))
  t.end()
})

test('what comes in while a lane is delivered waits behind it, and so does what was not delivered', (t) => {
  const deliveries = filled({ a: [1, 2, 3] })
  const claim = claimOne(deliveries)
  deliveries.push('a', eventOf(4))
  deliveries.push('b', eventOf(5))
  t.same(seqsOf([claim]), [['a', 1, 2, 3]])
  deliveries.settle(claim, [outcome()])
  t.same(seqsOf(deliveries.claim(9)), [['b', 5], ['a', 2, 3, 4]])
  t.notOk(deliveries.isLeaving)
  t.end()
})

test('a lane that is through is gone, and given back only if the store waits for it', (t) => {
  const deliveries = filled({ a: [1], b: [2] })
  deliveries.markCheckedOut('b')
  deliveries.markCheckedOut('nobody')
  t.ok(deliveries.isLeaving)
  t.same(deliveries.giveBack(), [{ lane: 'nobody', due: 'ready', seqs: [] }])
  t.notOk(deliveries.isLeaving)
  for (const claim of deliveries.claim(9)) deliveries.settle(claim, [outcome()])
  t.same(deliveries.names(), [])
  t.same(deliveries.giveBack(), [{ lane: 'b', due: 'ready', seqs: [] }])
  t.same(deliveries.giveBack(), [])
  t.end()
})

test('a lane whose event is to be tried again goes to the store, with all that it has', (t) => {
  const deliveries = filled({ a: [1, 2, 3] })
  const claim = claimOne(deliveries)
  deliveries.settle(claim, [outcome(), outcome('pending', { dueAt: 1_000.4 })])
  t.ok(deliveries.isLeaving)
  t.notOk(deliveries.isReady)
  deliveries.push('a', eventOf(4))
  t.notOk(deliveries.isReady, 'its turn comes after the retry')
  t.same(deliveries.giveBack(), [{ lane: 'a', due: 1_000, seqs: [2, 3, 4] }])
  t.notOk(deliveries.has('a'))
  t.notOk(deliveries.isLeaving)
  t.equal(roomIn(deliveries), MOST_EVENTS)
  t.end()
})

test('an event that leaves its lane does not keep it waiting, unless it is alone there', (t) => {
  const deliveries = filled({ a: [1, 2], 'id 3': [3], 'aside:id 4': [4] })
  const leaves = outcome('pending', { dueAt: 1_000, aside: true })
  for (const claim of deliveries.claim(9)) deliveries.settle(claim, [leaves])
  t.same(seqsOf(deliveries.claim(9)), [['a', 2]])
  t.same(deliveries.giveBack(), [{ lane: 'id 3', due: 1_000, seqs: [3] }, { lane: 'aside:id 4', due: 1_000, seqs: [4] }])
  t.end()
})

test('what the store gives out is delivered, goes back to it, and says what may follow', (t) => {
  const followed = (lane: string, home: string | null, isFollowed: boolean | null, there: Record<string, number[]> = {}) => {
    const deliveries = filled(there)
    deliveries.checkOut(lane, [eventOf(1, 1, home), eventOf(2, 1, home)], isFollowed)
    const claim = deliveries.claim(9).at(-1)
    t.same(claim && seqsOf([claim]), [[lane, 1, 2]])
    return claim?.isFollowed
  }
  t.equal(followed('a', null, false), false)
  t.equal(followed('collect:a', 'a', false), false)
  t.equal(followed('collect:a', 'a', true), true, 'the store has more of it')
  t.equal(followed('collect:a', 'a', false, { a: [3] }), true, 'memory has')
  t.equal(followed('collect:a', 'a', false, { b: [3] }), false)
  t.equal(followed('collect:a', 'a', null, { a: [3] }), false, 'a suspect waits for nobody')
  const deliveries = new Deliveries()
  deliveries.checkOut('gone', [], true)
  deliveries.checkOut('a', [eventOf(1)], false)
  t.same(deliveries.giveBack(), [{ lane: 'gone', due: 'ready', seqs: [] }])
  deliveries.settle(claimOne(deliveries), [outcome()])
  t.same(deliveries.giveBack(), [{ lane: 'a', due: 'ready', seqs: [] }])
  t.end()
})

test('a lane of events that wait for collectors goes to the store, whatever became of them, and is due when it is said', (t) => {
  const settled = (dueAt: number | undefined, ...outcomes: Outcome[]) => {
    const deliveries = new Deliveries()
    deliveries.checkOut('collect:a', [1, 2].map((seq) => ({ ...eventOf(seq, 1, 'a'), collectedFrom: 'a' })), false)
    deliveries.settle(claimOne(deliveries), outcomes, dueAt)
    t.notOk(deliveries.isReady)
    return deliveries.giveBack()
  }
  const waits = outcome('pending', { dueAt: 5_000, collects: true })
  t.same(settled(1_000.4), [{ lane: 'collect:a', due: 1_000, seqs: [1, 2] }])
  t.same(settled(undefined, outcome(), outcome()), [{ lane: 'collect:a', due: 'ready', seqs: [] }])
  t.same(settled(1_000, waits), [{ lane: 'collect:a', due: 1_000, seqs: [1, 2] }])
  t.same(settled(1_000, waits, outcome()), [{ lane: 'collect:a', due: 1_000, seqs: [1] }])
  t.end()
})

test('a claim that nobody has delivered is there again, and one of a lane that is not there changes nothing', (t) => {
  const deliveries = filled({ a: [1] })
  deliveries.settle(claimOne(deliveries), [])
  t.same(seqsOf([claimOne(deliveries)]), [['a', 1]])
  deliveries.settle({ lane: 'nobody', events: [] }, [])
  t.notOk(deliveries.isReady)
  t.end()
})

test('a claim is settled once', (t) => {
  const deliveries = filled({ a: [1, 2] })
  const claim = claimOne(deliveries)
  deliveries.settle(claim, [outcome()])
  deliveries.settle(claim, [outcome()])
  t.same(seqsOf(deliveries.claim(9)), [['a', 2]])
  t.end()
})

test('there is room for so many events, bytes, and events of a lane', (t) => {
  const deliveries = filled({ a: [1] })
  const fits = (events: number, ofLane: number, bytes: number, lane = 'a') => deliveries.hasRoom(lane, { events, ofLane, bytes })
  t.ok(fits(MOST_EVENTS - 2, 0, 0))
  t.notOk(fits(MOST_EVENTS - 1, 0, 0))
  t.ok(fits(0, MOST_OF_A_LANE - 2, 0))
  t.notOk(fits(0, MOST_OF_A_LANE - 1, 0))
  t.ok(fits(0, MOST_OF_A_LANE - 1, 0, 'b'))
  t.notOk(fits(0, MOST_OF_A_LANE, 0, 'b'))
  t.ok(fits(0, 0, MOST_BYTES - 2))
  t.notOk(fits(0, 0, MOST_BYTES - 1))
  claimOne(deliveries)
  deliveries.push('a', eventOf())
  t.ok(fits(0, MOST_OF_A_LANE - 3, 0))
  t.notOk(fits(0, MOST_OF_A_LANE - 2, 0), 'those that are claimed count')
  t.end()
})

test('what is delivered, removed or given back makes room, with all its bytes', (t) => {
  const deliveries = new Deliveries()
  for (const [lane, seq] of [['a', 1], ['a', 2], ['b', 3], ['c', 4]] as const) deliveries.push(lane, eventOf(seq, 10 ** seq))
  t.same([roomIn(deliveries), bytesIn(deliveries)], [MOST_EVENTS - 4, 11_110])
  const [a, b] = deliveries.claim(2)
  if (a === undefined || b === undefined) throw new Error('no claim')
  deliveries.settle(a, [outcome()])
  t.same([roomIn(deliveries), bytesIn(deliveries)], [MOST_EVENTS - 3, 11_100])
  deliveries.settle(b, [outcome('pending', { dueAt: 5 })])
  t.same([roomIn(deliveries), bytesIn(deliveries)], [MOST_EVENTS - 3, 11_100])
  deliveries.giveBack()
  t.same([roomIn(deliveries), bytesIn(deliveries)], [MOST_EVENTS - 2, 10_100])
  deliveries.discard([{ lane: 'c', seq: 4 }])
  t.same([roomIn(deliveries), bytesIn(deliveries)], [MOST_EVENTS - 1, 100])
  deliveries.discard([{ lane: 'a', seq: 2 }])
  t.same([roomIn(deliveries), bytesIn(deliveries)], [MOST_EVENTS, 0])
  t.end()
})

test('an event that is removed is not claimed, and one that is claimed is marked until it is settled', (t) => {
  const deliveries = filled({ a: [1, 2, 3], b: [4], c: [5] })
  const [a] = deliveries.claim(1)
  if (a === undefined) throw new Error('no claim')
  deliveries.push('a', eventOf(6))
  deliveries.push('a', eventOf(7))
  deliveries.discard([{ lane: 'a', seq: 2 }, { lane: 'b', seq: 4 }, { lane: 'a', seq: 6 }, { lane: 'gone', seq: 8 }])
  t.same(a.events.map(({ seq, isDiscarded = false }) => [seq, isDiscarded]), [[1, false], [2, true], [3, false]])
  t.equal(roomIn(deliveries), MOST_EVENTS - 5)
  t.same(seqsOf(deliveries.claim(9)), [['c', 5]])
  t.notOk(deliveries.has('b'), 'nothing is left of it')
  deliveries.settle(a, [outcome()])
  t.same(seqsOf(deliveries.claim(9)), [['a', 3, 7]])
  t.equal(roomIn(deliveries), MOST_EVENTS - 3)
  t.end()
})

test('an event that comes back and is removed is not claimed again', (t) => {
  const deliveries = filled({ a: [1, 2, 3] })
  deliveries.settle(claimOne(deliveries), [outcome()])
  deliveries.discard([{ lane: 'a', seq: 2 }])
  t.equal(roomIn(deliveries), MOST_EVENTS - 1)
  t.same(seqsOf([claimOne(deliveries)]), [['a', 3]])
  t.end()
})

test('a lane of which all was removed is given back if it was checked out', (t) => {
  const deliveries = filled({ a: [1], b: [2] })
  deliveries.markCheckedOut('a')
  deliveries.discard([{ lane: 'a', seq: 1 }])
  t.same(seqsOf(deliveries.claim(1)), [['b', 2]])
  t.same(deliveries.giveBack(), [{ lane: 'a', due: 'ready', seqs: [] }])
  t.end()
})

test('a lane does not wait for a retry that was removed, before it was settled or after that', (t) => {
  for (const isFirst of [true, false]) {
    const deliveries = filled({ a: [1, 2] })
    const claim = claimOne(deliveries)
    const settle = () => { deliveries.settle(claim, [outcome('pending', { dueAt: 1_000 })]) }
    const remove = () => { deliveries.discard([{ lane: 'a', seq: 1 }]) }
    for (const step of isFirst ? [remove, settle] : [settle, remove]) step()
    if (isFirst) t.same(seqsOf(deliveries.claim(9)), [['a', 2]])
    else t.same(deliveries.giveBack(), [{ lane: 'a', due: 'ready', seqs: [2] }])
    t.equal(roomIn(deliveries), isFirst ? MOST_EVENTS - 1 : MOST_EVENTS)
  }
  const deliveries = filled({ a: [1, 2] })
  deliveries.settle(claimOne(deliveries), [outcome('pending', { dueAt: 1_000 })])
  deliveries.discard([{ lane: 'a', seq: 2 }])
  t.same(deliveries.giveBack(), [{ lane: 'a', due: 1_000, seqs: [1] }], 'another one changes nothing')
  t.end()
})

test('when the store has started anew, memory has nothing but what is claimed, and gives that back', (t) => {
  const deliveries = filled({ a: [1, 2], b: [3] })
  const [a] = deliveries.claim(1)
  if (a === undefined) throw new Error('no claim')
  deliveries.push('a', eventOf(4))
  deliveries.forget()
  t.same(deliveries.names(), ['a'])
  t.notOk(deliveries.isReady)
  t.same([roomIn(deliveries), bytesIn(deliveries)], [MOST_EVENTS - 2, 2])
  deliveries.settle(a, [outcome(), outcome()])
  t.same(deliveries.names(), [])
  t.same(deliveries.giveBack(), [{ lane: 'a', due: 'ready', seqs: [] }])
  t.same([roomIn(deliveries), bytesIn(deliveries)], [MOST_EVENTS, 0])
  t.end()
})
