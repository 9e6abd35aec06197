import { test } from 'tap'
import { violationsOf } from '../batch.ts'
import { run } from '../run.ts'
import { postgresCollect } from '../postgres/kind.ts'
import { sqliteCollect } from '../sqlite/kind.ts'

/** So many take a second or two on a quiet machine. */
const SCHEDULES = { 'sqlite-collect': 150, 'postgres-collect': 60 }
/** Here, all of it happens. */
const SEED = 100

/** What has to happen in them, or they would prove little. */
const HAPPENS = [
  'action: a fault', 'action: end a process', 'added: is to wait for collectors at once', 'answer: accepted', 'collector: asks for a retry later', 'collector: blocks the event loop', 'collector: fails for good', 'collector: gets one event',
  'collector: gets several events', 'collector: is added again', 'collector: is removed', 'collector: never ends', 'collector: rejects later', 'collector: returns', 'collector: succeeds after its time',
  'collector: succeeds later', 'collector: throws', 'discarded', 'forgotten', 'outcome: dead', 'outcome: done', 'outcome: pending', 'outcome: pending, beside its lane', 'outcome: pending, waits for collectors',
  'process ends', 'replayed'
]

for (const inbox of ['sqlite-collect', 'postgres-collect'] as const) {
  test(`no schedule with collectors violates anything with ${inbox}, and everything happens`, async (t) => {
    const { schedules, counts, findings } = await run({ inbox, seed: SEED, schedules: SCHEDULES[inbox], most: 1, shrinks: true })
    t.same(findings, [])
    t.equal(schedules, SCHEDULES[inbox])
    t.same(HAPPENS.filter((what) => counts[what] === undefined), [], 'what has not happened')
  })
}

/** Schedules that have violated something once, as `npm run simulate` prints them. */
const VIOLATED: ReadonlyArray<readonly [tape: readonly number[], why: string]> = [
  [
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 69, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 67, 0, 0, 0, 0, 0, 11, 2, 67, 0, 1, 0, 70],
    'nothing-lost: an event came in while a collector outlived its time, and was taken for handed over with what it had'
  ],
  [
    [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 82, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 82, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 19, 0, 0, 0, 31, 0, 0, 0, 0, 0, 0, 0, 31, 0, 2, 0, 0, 0, 0, 13, 0, 0, 0, 0, 15, 2, 0, 0, 0, 0, 0, 0, 0, 61, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 73, 0, 0, 0, 0, 0, 24, 0, 87, 0, 0, 0, 0, 76, 0, 0, 4, 82, 0, 1],
    'nothing-lost: the same with an event that was removed and posted again meanwhile'
  ],
  [
    [0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 63, 0, 2, 0, 0, 0, 0, 0, 73, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 0, 61, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 75, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25],
    'repeats: a collector succeeded after its time, which was forgotten when another one was through with the event'
  ],
  [
    [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 65, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 79, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 0, 64, 0, 0, 64, 0, 0, 1, 77, 0, 0, 0, 0, 66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 0, 68, 0, 0, 0, 0, 0, 60, 3, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 80, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 92],
    'claims-end: an event came in before the one that was on trial, and after the end of that process all suspects waited for ever'
  ],
  [
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 75, 0, 0, 0, 0, 0, 72],
    'bursts: how long a conversation had waited went for what came in after all of it was removed'
  ]
]

for (const [tape, why] of VIOLATED) {
  test(why, async (t) => {
    t.same(await violationsOf(sqliteCollect, tape), [])
  })
}

test('attempts: what one collector is through with kept the attempt in which a process had ended', async (t) => {
  const tape = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 3, 0, 0, 0, 1, 0, 0, 1, 0, 2, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 134, 0, 1, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 107, 0, 0, 0, 0, 0, 0, 131, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 117, 0, 0, 0, 124, 0, 0, 0, 0, 0, 139, 3, 0, 0, 0, 0, 0, 0, 0, 112, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 118, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 135]
  t.same(await violationsOf(postgresCollect, tape), [])
})
