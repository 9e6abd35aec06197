import type { EventEmitter } from 'node:events'
import pg from 'pg'
import tap, { test } from 'tap'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { poolsOn } from '../helpers/pools.ts'
import { until } from '../helpers/until.ts'

const url = await postgresUrl(tap)
const { startApp } = poolsOn(tap, url)
const admin = openPool(tap, url)

/** How many listeners there are, by what they listen to. */
function listenersOf (emitter: EventEmitter): object {
  return Object.fromEntries(emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]))
}

/** What a session may keep of those who used it. */
async function stateOf (client: pg.PoolClient) {
  const { rows: [row] } = await client.query<{ statements: string[] }>(`SELECT
    ARRAY(SELECT pg_listening_channels()) AS channels,
    ARRAY(SELECT name || ' = ' || setting FROM pg_settings WHERE source = 'session' OR name LIKE '%transaction%') AS settings,
    ARRAY(SELECT locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory') AS locks,
    ARRAY(SELECT relname::text FROM pg_class WHERE relpersistence = 't') AS tables,
    ARRAY(SELECT name FROM pg_cursors WHERE is_holdable) AS cursors,
    ARRAY(SELECT name FROM pg_prepared_statements WHERE name NOT LIKE 'oneroute\\_%') AS statements`)
  return { ...row, listeners: listenersOf(client) }
}

test('when the app is closed, its pool is as it was: open, with no listener, and no trace on its connections', async (t) => {
  const pool = openPool(t, url, { max: 5 })
  const before = listenersOf(pool)
  const { app, client, drained, schema } = await startApp(t, pool, () => {})
  for (let n = 0; n < 20; n++) await Promise.all(['a', 'b', 'c'].map(async (conversation) => await client.post(job(conversation, n))))
  await drained()
  await until(async () => (await admin.query('SELECT FROM pg_stat_activity WHERE query LIKE $1', [`%${schema}%`])).rowCount !== 0)
  await app.close()
  t.same(listenersOf(pool), before)
  t.equal(pool.idleCount, pool.totalCount)
  const fresh = openPool(t, url)
  const unused = await fresh.connect()
  const expected = await stateOf(unused)
  const left = pool.totalCount
  t.ok(left > 0, 'some connections are still there')
  const connections = await Promise.all(Array.from({ length: left }, async () => await pool.connect()))
  for (const connection of connections) t.same(await stateOf(connection), expected)
  t.same(expected, { ...expected, channels: [], locks: [], tables: [], cursors: [], statements: [] })
  for (const connection of [unused, ...connections]) connection.release()
  const { rows } = await admin.query("SELECT query FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
  t.same(rows, [], 'and nobody listens any more')
})
