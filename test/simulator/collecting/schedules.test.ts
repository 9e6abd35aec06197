import { test } from 'tap'
import { run } from '../run.ts'

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
