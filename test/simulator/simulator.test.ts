import { test } from 'tap'
import { run } from './run.ts'

/** So many take a second or so on a quiet machine. */
const SCHEDULES = { memory: 200, sqlite: 400 }
const SEED = 1

/** What has to happen in them, or they would prove little. */
const EVERYWHERE = [
  'action: close', 'action: discard', 'action: end a process', 'action: forget', 'action: post', 'action: post one again', 'action: post one that is invalid', 'action: replay',
  'action: run what is due', 'action: start a process', 'action: the clock is set', 'action: wait', 'action: wait for the next timer', 'answer: accepted', 'answer: duplicate', 'answer: invalid', 'discarded', 'forgotten',
  'listener: asks for a retry later', 'listener: blocks the event loop', 'listener: ends the process', 'listener: fails after its time', 'listener: fails for good', 'listener: never ends',
  'listener: rejects later', 'listener: returns', 'listener: succeeds after its time', 'listener: succeeds later', 'listener: throws', 'outcome: dead', 'outcome: done', 'replayed'
]
const HAPPENS = {
  memory: [...EVERYWHERE, 'answer: FST_ONEROUTE_NOT_DELIVERED', 'answer: FST_ONEROUTE_BACKLOG_FULL', 'answer: FST_ONEROUTE_CLOSING'],
  sqlite: [
    ...EVERYWHERE, 'answer: FST_ONEROUTE_INBOX_UNAVAILABLE', 'answer: FST_ONEROUTE_BACKLOG_FULL', 'action: a fault', 'action: start a process beside another', 'fault: a transaction fails',
    'fault: another program has the file', 'fault: the disk has room again', 'fault: the disk is full', 'fault: the file is free again', 'fault: the thread ends', 'fault: the thread ends after its commit',
    'outcome: pending', 'outcome: pending, beside its lane', 'log: the process ended while an event was being delivered', 'log: the thread that stores events has ended: it is started again'
  ]
}

for (const inbox of ['memory', 'sqlite'] as const) {
  test(`no schedule violates anything with the ${inbox} inbox, and everything happens`, async (t) => {
    const { schedules, counts, findings } = await run({ inbox, seed: SEED, schedules: SCHEDULES[inbox], most: 1, shrinks: true })
    t.same(findings, [])
    t.equal(schedules, SCHEDULES[inbox])
    t.same(HAPPENS[inbox].filter((what) => counts[what] === undefined), [], 'what has not happened')
  })
}

test('a schedule is the same each time', async (t) => {
  const once = async () => await run({ inbox: 'sqlite', seed: SEED, schedules: 20, most: 1 })
  t.same(await once(), await once())
})
