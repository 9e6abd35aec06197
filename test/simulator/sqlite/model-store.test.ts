import { test } from 'tap'
import { run } from '../run.ts'

/** The disk is a real one here. */
const SCHEDULES = 10
const SEED = 1

for (const inbox of ['sqlite-store', 'sqlite-collect-store'] as const) {
  test(`the model of the store answers as the real one does: ${inbox}`, async (t) => {
    const { findings, schedules } = await run({ inbox, seed: SEED, schedules: SCHEDULES, most: 1 }) // rejects if they differ
    t.same(findings, [])
    t.equal(schedules, SCHEDULES)
  })
}
