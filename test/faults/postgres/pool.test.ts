import pg from 'pg'
import tap, { test } from 'tap'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { poolsOn } from '../helpers/pools.ts'

const url = await postgresUrl(tap)
const { startApp, doAll } = poolsOn(tap, url)

tap.jobs = 3 // each has a pool and a schema of its own

for (const max of [1, 2, 3]) {
  test(`a pool of ${max} is enough for everything, and for the listeners`, async (t) => {
    await doAll(t, openPool(t, url, { max }))
  })
}

for (const [name, config] of Object.entries<pg.PoolConfig>({
  'are closed after a millisecond': { idleTimeoutMillis: 1 },
  'are closed after a millisecond, of which there is one': { idleTimeoutMillis: 1, max: 1 },
  'send one query before the other was answered': { pipeline: true },
  'are used once': { maxUses: 1 },
  'are used once, of which there is one': { maxUses: 1, max: 1 },
  'have settings of the app': {
    options: '-c search_path=nowhere -c DateStyle=German -c bytea_output=escape -c standard_conforming_strings=off -c TimeZone=Asia/Kathmandu ' +
      '-c synchronous_commit=off -c IntervalStyle=iso_8601 -c extra_float_digits=-15'
  }
})) {
  test(`connections that ${name} are good enough`, async (t) => {
    await doAll(t, openPool(t, url, config))
  })
}

test('two inboxes share a pool, and nothing else', async (t) => {
  const pool = openPool(t, url, { max: 2 })
  const [one, other] = await Promise.all([startApp(t, pool), startApp(t, pool)])
  const jobs = Array.from({ length: 20 }, (_, n) => job('a', n))
  for (const event of jobs) {
    const answers = await Promise.all([one, other].map(async ({ client }) => (await client.post(event)).body.status))
    t.same(answers, ['accepted', 'accepted'])
  }
  await Promise.all([one.drained(), other.drained()])
  for (const { heard } of [one, other]) t.same(heard, jobs.map(({ n }) => `a ${n}`))
  await one.app.close()
  t.match(await other.client.post(job('b', 0)), { statusCode: 200 })
  await other.drained()
  t.match(await other.inbox.stats(), { done: 21 })
  await other.app.close()
  t.equal((await pool.query('SELECT')).rows.length, 1)
})
