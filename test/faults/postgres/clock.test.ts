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

tap.jobs = 4 // two of them wait until a lease was renewed several times, and each has a schema of its own

for (const [one, other] of CLOCKS) {
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
