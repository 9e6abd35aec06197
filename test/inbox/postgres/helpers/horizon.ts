import pg from 'pg'
import tap from 'tap'
import type { Test } from 'tap'
import { Database } from '../../../../lib/inbox/postgres/database.ts'
import { Horizon } from '../../../../lib/inbox/postgres/horizon.ts'
import { lines, openPool, PostgresServer } from '../../../helpers/postgres.ts'

export const FAST = { every: 20, warnAfter: 1_000, warnAgain: 1_500 }

/** One look only. */
export const ONCE = { every: 600_000, warnAfter: 1_000, warnAgain: 600_000 }

export const DEBUG = 20

export const INFO = 30

export const WARN = 40

export const server = await PostgresServer.create(tap, ['-c', 'max_prepared_transactions=10', '-c', 'autovacuum_naptime=1'])

export const admin = openPool(tap, server.url)

await admin.query('CREATE DATABASE other')
await admin.query("CREATE TABLE rows WITH (autovacuum_enabled = false) AS SELECT repeat('x', 1000) FROM generate_series(1, 500)")
await admin.query("CREATE ROLE nobody LOGIN PASSWORD 'password'")

export function urlOf ({ database = 'postgres', user = 'postgres' }, { url } = server): string {
  return Object.assign(new URL(url), { pathname: database, username: user }).href
}

export async function connect (t: Test, connectionString: string, application?: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: application })
  client.on('error', () => {}) // its server may be stopped before it is
  await client.connect()
  t.teardown(async () => { await client.end() })
  return client
}

/** The id of its process. */
export async function pidOf (client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ pid: string }>('SELECT pg_backend_pid()::text AS pid')
  return rows[0]?.pid ?? ''
}

/** So that nobody's snapshot reaches back to what was before. */
export async function goOn (pool = admin): Promise<void> {
  await pool.query('SELECT txid_current()')
}

/** One who looks, and what the log says of it. */
export function watch (t: Test, times = FAST, url = server.url) {
  const { log, written } = lines()
  const horizon = new Horizon({ database: new Database(openPool(t, url), log), log, times })
  t.teardown(async () => { await horizon.close() })
  horizon.start()
  const said = (level: number) => written.filter((line) => line.level === level)
  return { horizon, written, warnings: () => said(WARN), infos: () => said(INFO) }
}
