import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import tap from 'tap'
import type { Test } from 'tap'
import { Database } from '../../../../lib/inbox/postgres/database.ts'
import type { Migration } from '../../../../lib/inbox/postgres/migrations.ts'
import { postgresInbox } from '../../../../lib/inbox/postgres/inbox.ts'
import { openPool, postgresUrl, schemas } from '../../../helpers/postgres.ts'

export const url = await postgresUrl(tap)

export const newSchema = schemas(tap, url)

export const admin = openPool(tap, url)

export const LONG = 3_000

export const first: Migration = { sql: (name) => `CREATE TABLE ${name}.one ()`, worksWith: 1 }

export const long: Migration = { sql: (name) => `CREATE TABLE ${name}.two (); SELECT pg_sleep(${LONG / 1_000})`, worksWith: 1 }

/** A pool that gives up early, and whose server does: what a migration must not heed. */
export function impatient (t: Test): Database {
  const options = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'].map((name) => `-c ${name}=${LONG / 4}`).join(' ')
  return new Database(openPool(t, url, { query_timeout: LONG / 4, options, application_name: 'impatient' }), Fastify().log)
}

/** What migrates has this lock. */
export async function holdLock (t: Test, schema: string): Promise<() => Promise<void>> {
  const client = new pg.Client(url)
  await client.connect()
  t.teardown(async () => { await client.end() })
  await client.query("SELECT pg_advisory_lock(hashtextextended('fastify-oneroute-webhooks ' || $1, 0))", [schema])
  return async () => { await client.query('SELECT pg_advisory_unlock_all()') }
}

export const PLUGIN_TIMEOUT = 500

/** An app whose inbox opens only when `begin` has come back and then twice the time has passed that Fastify gives a plugin. */
export async function slowly (t: Test, begin: (app: FastifyInstance, plugin: { inbox: ReturnType<typeof postgresInbox> }) => Promise<unknown>) {
  const schema = newSchema()
  const release = await holdLock(t, schema)
  const app = Fastify({ pluginTimeout: PLUGIN_TIMEOUT })
  t.teardown(async () => { await app.close() })
  const name = `slow ${schema}`.slice(0, 63)
  const begun = begin(app, { inbox: postgresInbox({ connectionString: `${url}?application_name=${encodeURIComponent(name)}`, schema }) })
  begun.catch(() => {}) // the test looks at it
  await setTimeout(PLUGIN_TIMEOUT * 2)
  await release()
  const connections = async () => (await admin.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [name])).rows.length
  return { app, begun, connections }
}
