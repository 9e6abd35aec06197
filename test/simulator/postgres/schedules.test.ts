import { test } from 'tap'
import { violationsOf } from '../batch.ts'
import { run } from '../run.ts'
import { postgres } from './kind.ts'

/** So many take some two seconds on a quiet machine. */
const SCHEDULES = 60
const SEED = 1

/** What has to happen in them, or they would prove little. */
const HAPPENS = [
  'action: close', 'action: discard', 'action: end a process', 'action: forget', 'action: post', 'action: replay', 'answer: accepted', 'answer: duplicate', 'answer: FST_ONEROUTE_INBOX_UNAVAILABLE',
  'a lane is taken over from a process that is alive', 'a lease has run out, and its lane is taken', 'discarded', 'fault: a connection hangs', 'fault: a connection is cut after the commit',
  'fault: a connection is cut before its statement arrives', 'fault: a connection is cut, and its statement is run later', 'fault: a process stands still', 'fault: a statement is refused',
  'fault: an idle connection is cut', 'fault: connections go on', 'fault: the server goes away', 'fault: the server is back', 'fault: the server restarts', 'forgotten', 'outcome: dead', 'outcome: done',
  'outcome: pending', 'outcome: pending, beside its lane', 'replayed', 'run: a client gets a notification', 'run: a process goes on'
]

test('no schedule violates anything with the PostgreSQL inbox of several processes, and everything happens', async (t) => {
  const { schedules, counts, findings } = await run({ inbox: 'postgres', seed: SEED, schedules: SCHEDULES, most: 1, shrinks: true })
  t.same(findings, [])
  t.equal(schedules, SCHEDULES)
  t.same(HAPPENS.filter((what) => counts[what] === undefined), [], 'what has not happened')
})

/** Schedules that have violated something once, as `npm run simulate` prints them. */
const VIOLATED: ReadonlyArray<readonly [tape: readonly number[], why: string]> = [
  [
    [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0, 0, 2, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 103, 0, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0, 1, 0, 0, 0, 83, 0, 0, 0, 0, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 95, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 98, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 105, 2, 0, 92, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 105, 6, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 84, 0, 0, 90, 1, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 106, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13],
    'order: an event was stored and dead when its statement was run again, which stored it behind the next one of the same statement'
  ],
  [
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 87, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 81, 0, 0, 0, 0, 0, 0, 93, 1, 0, 3, 0, 0, 0, 0, 94, 0, 0, 3, 0, 1, 107, 0, 0, 0, 0, 84, 0, 2, 0, 1, 96, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20],
    'order: an event was accepted and dead when another process, which had it since before, came to store it'
  ],
  [
    [0, 2, 1, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0, 2, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 103, 0, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0, 1, 0, 0, 0, 83, 0, 1, 0, 0, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 95, 0, 0, 0, 0, 1, 0, 1, 0, 1, 11, 2, 0, 88, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 89, 0, 1, 0, 0, 0, 85, 0, 0, 0, 0, 0, 1, 0, 1, 0, 26, 0, 0, 0, 0, 0, 0, 0, 83, 0, 0, 105, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2, 0, 0, 0, 0, 0, 98, 1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 1, 105, 2, 0, 0, 0, 0, 105, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24],
    'order: a process stood still, and got a lane again of which it still had a listener at work, which it called once more'
  ],
  [
    [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 101, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 90, 0, 0, 1, 80, 0, 4, 0, 3, 0, 0, 0, 3, 0, 0, 105, 6, 0, 0, 87, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 106, 5, 0, 0, 0, 0, 0, 0, 0, 0, 89],
    'claims-end: what became of a lane that was lost, and of the same one that was got again, was recorded together, and the lease of the second was never given back'
  ],
  [
    [0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 94, 0, 1, 0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 100, 0, 0, 0, 0, 0, 2, 97, 0, 0, 81, 0, 0, 0, 0, 0, 1, 0, 2, 87, 0, 2, 0, 0, 2, 105, 5, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 15, 0, 1, 0, 0, 0, 1, 90, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 95, 1, 0, 0, 0, 1, 0, 1, 104, 1, 91, 0, 0, 1, 0, 1, 80, 0, 3, 0, 1, 0, 0, 0, 0, 84, 0, 5, 0, 0, 87, 0, 0, 0, 0, 0, 0, 1, 0, 2, 96, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 1, 94, 1, 0, 0, 0, 1, 86, 0, 0, 4, 0, 0, 19, 0, 0, 0, 3, 0, 2, 0, 3, 81, 101, 0, 0, 0, 0, 0, 86, 3, 0],
    'repeats: an event was settled by the process that had it before, after the lane was taken over, and before the answer with that claim came'
  ],
  [
    [1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 0, 0, 102, 0, 1, 0, 0, 0, 0, 102, 0, 0, 0, 0, 0, 0, 0, 1, 88, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 97, 0, 0, 0, 0, 0, 0, 0, 1, 107, 1, 1, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 91, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0, 27, 2, 0, 0, 7, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 87, 7, 0, 104, 4, 0, 2, 103],
    'repeats: a lane was taken over, and the answer with that claim was lost'
  ],
  [
    [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0, 0, 0, 0, 0, 0, 0, 91, 0, 0, 0, 0, 1, 95, 0, 0, 0, 0, 1, 0, 1, 83, 0, 0, 89, 0, 0, 0, 82, 0, 2, 0, 2, 0, 0, 90, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0, 2, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 9, 0, 92, 0, 0, 2, 0, 0, 106, 2, 0, 1, 6, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 92, 0, 0, 0, 108, 2, 0, 1, 0, 1, 0, 3, 0, 4, 83, 0, 5, 0, 1, 0, 1, 0, 1, 0, 2, 0, 2],
    'order: the clock was set forward before the answer of a claim came, and its lease was then renewed'
  ],
  [
    [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 97, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 104, 0, 1, 0, 0, 0, 82, 0, 1, 80, 0, 0, 0, 0, 0, 0, 104, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 102, 0, 1, 0, 0, 100, 0, 0, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 80, 0, 0, 0, 0, 85, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 103, 0, 0, 0, 0, 0, 0, 0, 0, 0, 88],
    'attempts: a process had sent that a suspect was not delivered, and that was recorded only after it had ended'
  ]
]

for (const [tape, why] of VIOLATED) {
  test(why, async (t) => {
    t.same(await violationsOf(postgres, tape), [])
  })
}
