import { randomInt } from 'node:crypto'
import pg from 'pg'
import tap, { test } from 'tap'
import { claimsNoted, noteClaims } from '../../helpers/claims.ts'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { Fleet } from '../helpers/fleet.ts'
import { until } from '../helpers/until.ts'

const MINUTE = 60_000
/** By how many minutes the clocks of two processes are off. */
const CLOCKS = [[-10, 10], [10, -10]] as const

const url = await postgresUrl(tap)
const admin = openPool(tap, url)

tap.jobs = 3 // two of them wait for a retry, and each has a schema of its own

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
}

test('processes whose clocks are minutes apart retry in time, keep the order, and take nothing from each other', async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const fleet = new Fleet(t, url)
  await Promise.all([-10, 0, 10].map(async (minutes) => await fleet.start({}, minutes * 60_000)))
  const sending = fleet.sendAll(12, seed)
  // By their own clocks, a retry of the one would be due at once for another, and for the third after ten minutes.
  await until(() => fleet.noted().filter(({ what }) => what === 'failed').length > 30)
  fleet.going = false
  t.same(await fleet.problems(await sending), [], `seed ${seed}: FAULTS_SEED=${seed} tries it again`)
  for (const { host } of fleet.members) {
    await host.kill('SIGTERM')
    t.notMatch(await host.log, 'taken over')
  }
})

/** The first answer that has a row. */
async function untilRow (query: string, values: unknown[]): Promise<pg.QueryResult<Record<string, boolean>>> {
  for (;;) {
    const result = await admin.query<Record<string, boolean>>(query, values)
    if (result.rows.length > 0) return result
  }
}
