import { test } from 'tap'
import { Activity } from '../../../lib/observe/inspector/activity.ts'
import type { Bucket } from '../../../lib/observe/inspector/activity.ts'

const MINUTE = 60_000
const HALF_HOUR = 30 * MINUTE
const START = Date.UTC(2026, 10, 24, 8, 30, 15)

test('the last hour is counted by minute, and what was before that is forgotten', async (t) => {
  const activity = new Activity(START)
  for (let minute = 0; minute < 65; minute++) {
    activity.received({ outcome: 'accepted' }, START + minute * MINUTE)
    activity.delivered({ ids: ['a'], outcome: minute === 64 ? 'dead' : 'done' }, START + minute * MINUTE)
  }
  for (const outcome of ['refused', 'invalid', 'failed', 'duplicate'] as const) activity.received({ outcome }, START + 64 * MINUTE)
  for (const outcome of ['retry', 'ignored', 'abandoned'] as const) activity.delivered({ ids: ['a'], outcome }, START + 64 * MINUTE)
  const { since, hour } = activity.counts(START + 66 * MINUTE)
  t.same(since, new Date(START))
  t.equal(hour.length, 60)
  t.equal(hour[0]?.at, START - 15_000 + 7 * MINUTE)
  t.match(hour.at(-1), { accepted: 0, refused: 0, done: 0, retried: 0, dead: 0 })
  t.match(hour.at(-3), { accepted: 1, refused: 3, done: 1, retried: 1, dead: 1 })
  t.equal(acceptedIn(hour), 58)
  t.equal(acceptedIn(activity.counts(START + 500 * MINUTE).hour), 0)
})

test('a burst is as many as it has events, and what waits for collectors is counted once these have had it', async (t) => {
  const activity = new Activity(START)
  const ids = ['a', 'b', 'c']
  for (const outcome of ['done', 'retry', 'dead', 'abandoned'] as const) activity.delivered({ ids, outcome }, START)
  activity.delivered({ ids: ['a'], outcome: 'collected' }, START)
  t.match(activity.counts(START).hour.at(-1), { done: 3, retried: 3, dead: 3 })
  t.match(activity.counts(START).day.at(-1), { done: 3, retried: 3, dead: 3 })
})

test('the last 24 hours are counted by half hour', async (t) => {
  const activity = new Activity(START)
  for (let halfHour = 0; halfHour < 50; halfHour++) {
    for (let i = 0; i < 2; i++) activity.received({ outcome: 'accepted' }, START + halfHour * HALF_HOUR + i * MINUTE)
  }
  const { day } = activity.counts(START + 49 * HALF_HOUR)
  t.equal(day.length, 48)
  t.same([day[0]?.at, day.at(-1)?.at], [START - 15_000 + 2 * HALF_HOUR, START - 15_000 + 49 * HALF_HOUR])
  t.ok(day.every(({ accepted }) => accepted === 2))
  t.equal(acceptedIn(activity.counts(START + 59 * HALF_HOUR).day), 76)
})

test('a clock that is set back counts into the time that it shows', async (t) => {
  const activity = new Activity(START)
  for (const minute of [5, 3, 5, 3]) activity.received({ outcome: 'accepted' }, START + minute * MINUTE)
  t.same(activity.counts(START + 5 * MINUTE).hour.slice(-3).map(({ accepted }) => accepted), [2, 0, 2])
})

function acceptedIn (buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, { accepted }) => sum + accepted, 0)
}
