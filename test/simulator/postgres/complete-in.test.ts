import { test } from 'tap'
import { LOST } from '../../../lib/inbox/postgres/sql/complete.ts'
import { violationsOf } from '../batch.ts'
import { run } from '../run.ts'
import { postgresCompleteIn } from './kind.ts'

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

/** Schedules that have violated something once, as `npm run simulate` prints them. */
const VIOLATED: ReadonlyArray<readonly [tape: readonly number[], why: string]> = [
  [
    [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 0, 87, 0, 2, 0, 0, 0, 0, 0, 0, 98, 0, 0, 0, 0, 0, 87, 7, 2, 0, 96, 1, 0, 0, 1, 81, 0, 0, 0, 2, 0, 2, 0, 4, 92, 1, 0, 0, 0, 3, 104, 0, 0, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 93, 0, 0, 0, 0, 0, 0, 0, 109, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 92, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 1, 0, 1, 17, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 88, 0, 2, 0, 0, 110, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 86, 2],
    'exactly-once: a process lost a lane and got it again, and a listener from before completed the event with the new claim'
  ]
]

for (const [tape, why] of VIOLATED) {
  test(why, async (t) => {
    t.same(await violationsOf(postgresCompleteIn, tape), [])
  })
}
