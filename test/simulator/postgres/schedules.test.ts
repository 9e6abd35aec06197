import { test } from 'tap'
import { run } from '../run.ts'

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
