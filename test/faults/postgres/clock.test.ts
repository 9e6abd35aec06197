import pg from 'pg'
import tap, { test } from 'tap'
import { claimsNoted, noteClaims, takeovers } from '../../helpers/claims.ts'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { Fleet } from '../helpers/fleet.ts'
import { until } from '../helpers/until.ts'

const MINUTE = 60_000
/** By how many minutes the clocks of two processes are off. */
const CLOCKS = [[-10, 10], [10, -10]] as const

const url = await postgresUrl(tap)
const admin = openPool(tap, url)

for (const [one, other] of CLOCKS) {
  test(`what fails in a process whose clock is off by ${one} minutes is tried again in time by one that is off by ${other}: by the database's clock`, async (t) => {
    const fleet = new Fleet(t, url)
    const schema = pg.escapeIdentifier(fleet.schema)
    const retry = { minDelay: 2_000, maxDelay: 2_000 } // less at most half of it, by chance
    const failing = await fleet.start({ retry }, one * MINUTE)
    await noteClaims(admin, fleet.schema)
    const { rows: [before] } = await admin.query<{ time: string }>('SELECT clock_timestamp()::text AS time')
    await failing.client.post(job('a', 0, { fails: 1 }))
    const { rows: [due] } = await untilRow(`SELECT $1::timestamptz + interval '1 second' <= e.due AND e.due <= clock_timestamp() + interval '2 seconds' AS "inTime",
      e.due = l.due AS "ofBoth" FROM ${schema}.pending e JOIN ${schema}.lanes l ON l.lane = e.lane WHERE e.attempts = 1 AND l.holder IS NULL`, [before?.time])
    t.same(due, { inTime: true, ofBoth: true })
    await fleet.kill(failing)
    const retrying = await fleet.start({ retry }, other * MINUTE)
    t.same(await fleet.problems(new Map([['a', 1]])), [])
    t.same(fleet.noted().map(({ what, attempt, pid }) => [what, attempt, pid]), [
      ['start', 1, failing.host.process.pid], ['failed', 1, failing.host.process.pid],
      ['start', 2, retrying.host.process.pid], ['done', 2, retrying.host.process.pid]
    ])
    t.match(await claimsNoted(admin, fleet.schema), [{ early: false }, { early: false }], 'not before it was due')
  })

  test(`a process whose clock is off by ${one} minutes keeps what it has leased, beside one that is off by ${other}`, async (t) => {
    const fleet = new Fleet(t, url)
    const schema = pg.escapeIdentifier(fleet.schema)
    const slow = await fleet.start({}, one * MINUTE, 'a')
    await noteClaims(admin, fleet.schema)
    for (const n of [0, 1]) await slow.client.post(job('a', n))
    await until(() => fleet.noted().length === 1)
    const beside = await fleet.start({}, other * MINUTE)
    const ends = new Set<string>()
    for (let n = 0; ends.size < 5; n++) { // renewed at a third of a lease: others would have had it by then
      await beside.client.post(job('b', n))
      const { rows } = await admin.query<{ due: string }>(`SELECT due::text FROM ${schema}.lanes WHERE lane = 'a'`)
      ends.add(String(rows[0]?.due))
    }
    t.match(fleet.noted().filter(({ conversation }) => conversation === 'a'), [{ what: 'start', n: 0, pid: slow.host.process.pid }])
    const claims = await claimsNoted(admin, fleet.schema)
    t.ok(claims.length > 1, 'others are claimed')
    t.same(claims.filter(({ early }) => early), [])
    t.same(takeovers(claims), [])
  })
}

for (const minutes of [-10, 10]) {
  test(`a process whose clock is off by ${minutes} minutes keeps what is done for as long as it is told, by the database's clock`, async (t) => {
    const fleet = new Fleet(t, url, { keep: MINUTE })
    const schema = pg.escapeIdentifier(fleet.schema)
    const { client } = await fleet.start({}, minutes * MINUTE)
    for (const n of [0, 1]) await client.post(job('a', n))
    await until(async () => (await fleet.stats()).done === 2)
    await admin.query(`UPDATE ${schema}.finished SET finished = now() - interval '2 minutes' WHERE seq = (SELECT min(seq) FROM ${schema}.finished)`)
    await until(async () => (await fleet.stats()).done !== 2)
    t.match(await client.post(job('a', 1)), { body: { status: 'duplicate' } }, 'it is not old enough')
    t.match(await client.post(job('a', 0)), { body: { status: 'accepted' } }, 'nobody remembers it')
  })
}

/** The first answer that has a row. */
async function untilRow (query: string, values: unknown[]): Promise<pg.QueryResult<Record<string, boolean>>> {
  for (;;) {
    const result = await admin.query<Record<string, boolean>>(query, values)
    if (result.rows.length > 0) return result
  }
}
