import { test } from 'tap'
import { LOST } from '../../../lib/inbox/postgres/sql/complete.ts'
import { run } from '../run.ts'

/** So many take some two seconds on a quiet machine. */
const SCHEDULES = 80
/** Here, all of it happens. */
const SEED = 1_330

const HAPPENS = [
  'completeIn: committed', `completeIn: ${LOST}`, 'completeIn: a lease has run out, and a transaction keeps the lane', 'fault: a connection of an app is cut, and its statement is run later',
  'fault: a process stands still, and what it has sent is on its way', 'fault: a statement of an app is refused', 'listener: completes', 'listener: completes, and takes its time',
  'listener: ends the process in its transaction', 'listener: fails for good in its transaction', 'listener: throws in its transaction', 'run: the server learns that a connection is gone'
]

test('what listeners commit with completeIn is there exactly once, and everything happens', async (t) => {
  const { schedules, counts, findings } = await run({ inbox: 'postgres-complete-in', seed: SEED, schedules: SCHEDULES, most: 1, shrinks: true })
  t.same(findings, [])
  t.equal(schedules, SCHEDULES)
  t.same(HAPPENS.filter((what) => counts[what] === undefined), [], 'what has not happened')
})
