import pg from 'pg'
import tap, { test } from 'tap'
import { gate } from '../../helpers/app.ts'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { poolsOn } from '../helpers/pools.ts'
import { until } from '../helpers/until.ts'

const url = await postgresUrl(tap)
const { startApp } = poolsOn(tap, url)
const admin = openPool(tap, url)

test('a pool that the app has used up: 503 until it gives its connections back, and then everything is delivered', async (t) => {
  const pool = openPool(t, url, { max: 3 })
  const held = gate()
  const { client, heard, inbox, drained, schema } = await startApp(t, pool, async ({ conversation }) => { if (conversation.id === 'held') await held.promise })
  await client.post(job('held', 0))
  await until(() => heard.length === 1)
  await until(async () => (await admin.query('SELECT FROM pg_stat_activity WHERE query = $1', [`LISTEN ${pg.escapeIdentifier(schema)}`])).rowCount === 1)
  const taken = [await pool.connect(), await pool.connect()]
  const refused = await client.post(job('a', 0))
  t.match(refused, { statusCode: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' } })
  const waiting = client.post(job('a', 0))
  held.resolve(undefined) // what has become of it cannot be stored yet
  await until(() => pool.waitingCount > 1)
  for (const connection of taken) connection.release()
  t.match(await waiting, { statusCode: 200, body: { status: 'accepted' } })
  await drained()
  t.same(heard, ['held 0', 'a 0'])
  t.match(await inbox.stats(), { done: 2, dead: 0 })
  t.equal(pool.waitingCount, 0)
})
