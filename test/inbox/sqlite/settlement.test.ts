import { test } from 'tap'
import type { DeliveryRecord, Outcome } from '../../../index.ts'
import type { LiveEvent } from '../../../lib/inbox/sql/rows.ts'
import { Settlement } from '../../../lib/inbox/sqlite/settlement.ts'

const RECORD: DeliveryRecord = { attempt: 2, startedAt: new Date(5), duration: 1, completed: ['save'], failures: [] }
const LINE = '{"attempt":2,"startedAt":5,"duration":1,"completed":["save"],"failures":[]}\n'
const NOTHING = { done: [], failed: [], givenBack: [] }

const eventOf = (seq: number, attempt = 1, home: string | null = null): LiveEvent => ({ seq, id: `id ${seq}`, name: 'other', event: { event: 'other' }, receivedAt: 5, attempt, completed: [], problems: null, home, size: 1 })
const claimOf = (lane: string, ...events: LiveEvent[]) => ({ lane, events })
const outcome = (seq: number, state: Outcome['state'] = 'done', more: Partial<Outcome> = {}): Outcome => ({ seq, state, dueAt: null, completed: [], error: null, ...more })

test('an event that was done at once is only a number; of all others it is recorded what became of them', (t) => {
  const settlement = new Settlement()
  t.ok(settlement.isEmpty)
  settlement.settle(claimOf('a', eventOf(1), eventOf(2, 2), eventOf(3), eventOf(4)), [
    outcome(1),
    outcome(2),
    outcome(3, 'done', { delivery: RECORD }),
    outcome(4, 'pending', { dueAt: 1_000.4, completed: ['save'], refused: ['reply'], aside: true, error: 'a\0b' }),
    outcome(5)
  ])
  t.notOk(settlement.isEmpty)
  const same = { due: null, completed: '{"completed":[]}', error: null, aside: undefined, collects: undefined, stays: undefined }
  const { settledAt, ...settled } = settlement.next()
  t.ok(settledAt > 0 && settledAt <= Date.now())
  t.strictSame(settled, {
    ...NOTHING,
    done: [1],
    failed: [
      { ...same, seq: 2, state: 'done', attempts: 2, delivery: '' },
      { ...same, seq: 3, state: 'done', attempts: 1, delivery: LINE },
      { seq: 4, state: 'pending', attempts: 1, due: 1_000, completed: '{"completed":["save"],"refused":["reply"]}', error: 'a\ufffdb', aside: true, collects: undefined, stays: undefined, delivery: '', lane: 'aside:id 4' }
    ]
  })
  t.ok(settlement.isEmpty)
  t.strictSame(settlement.next(), { ...NOTHING, settledAt: 0 })
  t.end()
})

test('there is something to be recorded as long as there is anything of it', (t) => {
  const givenBack = [{ lane: 'a', due: 'ready', seqs: [] }] as const
  const isEmptyAfter = (...outcomes: Outcome[]) => {
    const settlement = new Settlement()
    settlement.settle(claimOf('a', eventOf(1), eventOf(2)), outcomes)
    const before = settlement.isEmpty
    settlement.giveBack(givenBack)
    return [before, settlement.isEmpty]
  }
  t.same(isEmptyAfter(), [true, false])
  t.same(isEmptyAfter(outcome(1)), [false, false])
  t.same(isEmptyAfter(outcome(1, 'dead')), [false, false])
  t.same(isEmptyAfter(outcome(1), outcome(2, 'dead')), [false, false])
  t.end()
})

test('an event that is alone in its lane does not leave it', (t) => {
  const settlement = new Settlement()
  for (const [lane, home] of [['id 1', null], ['aside:id 1', 'a'], ['a', null]] as const) settlement.settle(claimOf(lane, eventOf(1, 1, home)), [outcome(1, 'pending', { dueAt: 1, aside: true })])
  t.same(['a', 'aside:id 1'].map((lane) => settlement.movesTo(lane)), [false, true])
  t.same(settlement.next().failed.map(({ lane }) => lane), [undefined, undefined, 'aside:id 1'])
  t.end()
})

test('an event that cannot be read is dead', (t) => {
  const settlement = new Settlement()
  settlement.giveUp({ seq: 1, id: 'id 1', attempts: 3, body: '{', received: 5, completed: null, problems: null, failingFor: 0, dueIn: 0, interrupted: false, aside: false, home: null })
  t.notOk(settlement.isEmpty)
  t.strictSame(settlement.next().failed, [{ seq: 1, state: 'dead', attempts: 3, due: null, completed: null, error: 'its body is damaged', delivery: '' }])
  t.end()
})

test('what could not be recorded comes before what has come up since', (t) => {
  const settlement = new Settlement()
  const add = (seq: number) => {
    settlement.settle(claimOf('a', eventOf(seq), eventOf(seq + 1)), [outcome(seq), outcome(seq + 1, 'dead')])
    settlement.giveBack([{ lane: `lane ${seq}`, due: 'ready', seqs: [] }])
  }
  add(1)
  const first = { ...settlement.next(), settledAt: Date.now() + 60_000 }
  add(3)
  settlement.putBack(first)
  const { done, failed, givenBack, settledAt } = settlement.next()
  t.equal(settledAt, first.settledAt, 'the clock was set back since')
  t.same([done, failed.map(({ seq }) => seq), givenBack.map(({ lane }) => lane)], [[1, 3], [2, 4], ['lane 1', 'lane 3']])
  settlement.giveBack([{ lane: 'a', due: 5, seqs: [1] }])
  t.notOk(settlement.isEmpty)
  t.end()
})
