import { test } from 'tap'
import { Activity } from '../../../lib/observe/inspector/activity.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 10, 24, 8, 30, 15)

test('the last hour is counted by minute, and what was before that is forgotten', async (t) => {
  const activity = new Activity()
  for (let minute = 0; minute < 65; minute++) {
    activity.received({ outcome: 'accepted' }, START + minute * MINUTE)
    activity.delivered({ outcome: minute === 64 ? 'dead' : 'done' }, START + minute * MINUTE)
  }
  for (const outcome of ['refused', 'invalid', 'failed', 'duplicate'] as const) activity.received({ outcome }, START + 64 * MINUTE)
  for (const outcome of ['retry', 'ignored', 'abandoned'] as const) activity.delivered({ outcome }, START + 64 * MINUTE)
  const minutes = activity.last(START + 66 * MINUTE)
  t.equal(minutes.length, 60)
  t.equal(minutes[0]?.at, START - 15_000 + 7 * MINUTE)
  t.match(minutes.at(-1), { accepted: 0, refused: 0, done: 0, retried: 0, dead: 0 })
  t.match(minutes.at(-3), { accepted: 1, refused: 3, done: 1, retried: 1, dead: 1 })
  t.equal(minutes.reduce((sum, { accepted }) => sum + accepted, 0), 58)
  t.equal(activity.last(START + 500 * MINUTE).reduce((sum, { accepted }) => sum + accepted, 0), 0)
})
