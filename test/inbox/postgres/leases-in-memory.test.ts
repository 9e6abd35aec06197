import { mock } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import type { Test } from 'tap'
import type { Database } from '../../../lib/inbox/postgres/database.ts'
import { LeasedClaim, LeaseEnd } from '../../../lib/inbox/postgres/leased-claim.ts'
import { Leases } from '../../../lib/inbox/postgres/leases.ts'
import type { Row, Statement } from '../../../lib/inbox/postgres/query.ts'
import { lines } from '../../helpers/postgres.ts'

const LEASE = 30_000
const PART = LEASE / 3

function claimOf (lane: string, number: number, isSuspect = false): LeasedClaim {
  const claim = new LeasedClaim(lane, number, '1', new LeaseEnd(LEASE))
  claim.isSuspect = isSuspect
  claim.events.push(...[1, 2].map((i) => ({ seq: number * 10 + i, id: `id ${i}`, name: 'other', event: { event: 'other' }, receivedAt: 5, attempt: 1, completed: [], problems: null, home: null, size: 1 })))
  return claim
}

/** Leases, and what they ask of a server that answers as a test says. The clocks stand still. */
function create (t: Test, answer: (text: string) => Promise<Row[]> = async () => await Promise.resolve([])) {
  mock.timers.enable({ apis: ['setInterval', 'Date'] })
  t.teardown(() => { mock.timers.reset() })
  const asked: Array<readonly [text: string, values: unknown[]]> = []
  const run = async (statement: Statement | string, values: unknown[] = []) => {
    const text = typeof statement === 'string' ? statement : statement.text
    asked.push([text, values])
    return await answer(text)
  }
  const database = { run } as Partial<Database> as Database // the rest is not asked for
  const { log, written } = lines()
  const leases = new Leases({ database, schema: 'a "b"', log, lease: LEASE, holder: 'me' })
  t.teardown(async () => { await leases.close() })
  return { leases, asked, written }
}

test('what is held is renewed at each third of the lease, and nothing is asked while nothing is held', async (t) => {
  const { leases, asked } = create(t, async () => await Promise.resolve([{ lane: 'a', claim: '1' }, { lane: 'b', claim: '2' }]))
  mock.timers.tick(PART)
  t.same(asked, [])
  const claims = [claimOf('a', 1), claimOf('b', 2)]
  leases.begin(claims)
  t.same(leases.numbers, [1, 2])
  for (let thirds = 1; thirds <= 4; thirds++) {
    mock.timers.tick(PART - 1)
    t.equal(asked.length, thirds - 1)
    mock.timers.tick(1)
    await setImmediate()
    t.equal(asked.length, thirds)
    t.ok(claims.every(({ isHeld }) => isHeld), 'for longer than one lease')
  }
  t.same(asked[0], ['SELECT * FROM "a ""b""".renew($1, $2, $3, $4)', ['me', ['a', 'b'], [1, 2], LEASE]])
  for (const claim of claims) leases.end(claim)
  mock.timers.tick(PART)
  t.equal(asked.length, 4)
  t.same(leases.numbers, [])
})

test('an event is here by its new claim, also while a listener is at work on one that was lost', (t) => {
  const { leases } = create(t)
  const [lost, again] = [claimOf('a', 1), new LeasedClaim('a', 2, '1', new LeaseEnd(LEASE))]
  lost.renew(undefined)
  again.events.push(...lost.events)
  leases.begin([lost, again])
  t.equal(leases.claimOf(11), again)
  t.end()
})

test('the claim of an event is known as long as it is held', (t) => {
  const { leases } = create(t)
  const claims = [claimOf('a', 1), claimOf('b', 2)]
  leases.begin(claims)
  t.equal(leases.claimOf(12), claims[0])
  t.equal(leases.claimOf(21), claims[1])
  t.equal(leases.claimOf(31), undefined)
  for (const claim of claims) leases.end(claim)
  t.equal(leases.claimOf(12), undefined)
  t.end()
})

test('a claim that another process has taken over is not held any more, also if this one has claimed the lane again', async (t) => {
  const { leases } = create(t, async () => await Promise.resolve([{ lane: 'a', claim: '1' }, { lane: 'b', claim: '9' }]))
  const claims = [claimOf('a', 1), claimOf('b', 2), claimOf('c', 3)]
  leases.begin(claims)
  mock.timers.tick(PART)
  await setImmediate()
  t.same(claims.map(({ isHeld }) => isHeld), [true, false, false])
})

test('a lease runs out unless it is renewed, and counts from when the server was asked', async (t) => {
  const asking = Promise.withResolvers<Row[]>()
  const { leases, asked, written } = create(t, async () => await asking.promise)
  const claim = claimOf('a', 1)
  leases.begin([claim])
  mock.timers.tick(PART)
  mock.timers.tick(PART)
  t.equal(asked.length, 1, 'one statement at a time')
  asking.resolve([{ lane: 'a', claim: '1' }])
  await setImmediate()
  mock.timers.tick(PART * 2 - 1)
  t.ok(claim.isHeld)
  t.equal(asked.length, 2, 'and then the next one')
  mock.timers.tick(1)
  await setImmediate()
  t.same(written, [])
})

test('what could not be renewed is renewed later, and a line says so', async (t) => {
  let fails = true
  const { leases, asked, written } = create(t, async () => fails ? await Promise.reject(new Error('away')) : await Promise.resolve([{ lane: 'a', claim: '1' }]))
  const claim = claimOf('a', 1)
  leases.begin([claim])
  mock.timers.tick(PART)
  await setImmediate()
  t.match(written, [{ level: 40, err: { message: 'away' }, msg: 'the leases of events under way could not be renewed: it is tried again' }])
  fails = false
  mock.timers.tick(PART)
  await setImmediate()
  t.equal(asked.length, 2)
  t.equal(written.length, 1)
  mock.timers.tick(PART)
  t.ok(claim.isHeld)
})

test('what was removed is marked in the claims that are under way', (t) => {
  const { leases } = create(t)
  const claims = [claimOf('a', 1), claimOf('b', 2), claimOf('c', 3)]
  leases.begin(claims.slice(0, 2))
  leases.discard(new Set([11, 22, 31]))
  t.same(claims.map(({ events }) => events.map(({ isDiscarded = false }) => isDiscarded)), [[true, false], [false, true], [false, false]])
  t.end()
})

test('whether a suspect is under way does not count claims that are over', (t) => {
  const { leases } = create(t)
  const [suspect, other] = [claimOf('a', 1, true), claimOf('b', 1)]
  leases.begin([other])
  t.notOk(leases.hasSuspect(new Set()))
  leases.begin([suspect])
  t.same(leases.numbers, [1], 'two lanes of one claim')
  t.ok(leases.hasSuspect(new Set([other])))
  t.notOk(leases.hasSuspect(new Set([suspect])))
  t.end()
})

test('claims that may have got lanes without our knowing are released once, and again if that fails', async (t) => {
  let fails = true
  const { leases, asked } = create(t, async () => fails ? await Promise.reject(new Error('away')) : await Promise.resolve([]))
  await leases.releaseAbandoned()
  t.same(asked, [])
  leases.abandon(1)
  leases.abandon(2)
  await t.rejects(leases.releaseAbandoned(), { message: 'away' })
  fails = false
  await leases.releaseAbandoned()
  await leases.releaseAbandoned()
  t.same(asked, Array.from({ length: 2 }, () => ['SELECT "a ""b""".release($1, $2)', ['me', [1, 2]]]))
})

test('what was released is released again at each third of the lease, as long as the server may still be at it', async (t) => {
  const { leases, asked } = create(t)
  const clock = { now: 0 }
  t.intercept(performance, 'now', { value: () => clock.now })
  leases.abandon(7)
  await leases.releaseAbandoned()
  for (const [now, times] of [[10_000, 2], [30_000, 3], [30_001, 3]] as const) {
    clock.now = now
    mock.timers.tick(PART)
    await setImmediate()
    t.equal(asked.length, times, String(now))
  }
})

test('while it is released again, it is not once more, and what is released is what was', async (t) => {
  const answered = Promise.withResolvers<Row[]>()
  let calls = 0
  const { leases, asked } = create(t, async () => ++calls === 2 ? await answered.promise : await Promise.resolve([]))
  leases.abandon(3)
  leases.abandon(4)
  await leases.releaseAbandoned()
  for (let third = 0; third < 2; third++) {
    mock.timers.tick(PART)
    await setImmediate()
  }
  t.same(asked, Array.from({ length: 2 }, () => ['SELECT "a ""b""".release($1, $2)', ['me', [3, 4]]]))
  answered.resolve([])
  await setImmediate()
  mock.timers.tick(PART)
  await setImmediate()
  t.equal(asked.length, 3)
})

test('what is reserved for a listener that still runs is given up when this process closes, unless it was claimed again', async (t) => {
  const { leases, asked } = create(t, async () => await Promise.reject(new Error('away')))
  for (const lane of ['a', 'b', 'c', 'a']) leases.reserve(lane)
  const claim = claimOf('b', 1)
  leases.begin([claim])
  leases.end(claim)
  await leases.close()
  t.same(asked, [['SELECT "a ""b""".unreserve($1, $2)', ['me', ['a', 'c']]]])
})

test('closing waits for a renewal, and renews no more', async (t) => {
  const asking = Promise.withResolvers<Row[]>()
  const { leases, asked } = create(t, async () => await asking.promise)
  leases.begin([claimOf('a', 1)])
  mock.timers.tick(PART)
  let closed = false
  const closing = leases.close().then(() => { closed = true })
  await setImmediate()
  t.notOk(closed)
  asking.resolve([])
  await closing
  mock.timers.tick(PART * 3)
  t.equal(asked.length, 1, 'nothing is reserved, and nothing is held')
})
