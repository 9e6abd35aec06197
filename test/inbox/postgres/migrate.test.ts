import { getEventListeners } from 'node:events'
import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import type { Migration } from '../../../lib/inbox/postgres/migrations.ts'
import type { Progress } from '../../../lib/inbox/postgres/migrate.ts'
import { prepareSchema } from '../../../lib/inbox/postgres/schema.ts'
import { LossyPool, openPool, plainPool } from '../../helpers/postgres.ts'
import { until } from '../../faults/helpers/until.ts'
import { LONG, admin, first, holdLock, impatient, long, newSchema, url } from './helpers/migrate.ts'

tap.setTimeout(120_000)

test('a migration takes the time that it needs, and who waits for it is told and finds it done', async (t) => {
  const schema = newSchema()
  await prepareSchema(impatient(t), schema, { migrations: [first] })
  const begin = (told: Progress[]) => prepareSchema(impatient(t), schema, {
    migrations: [first, long], progressEvery: LONG / 60, onProgress: (progress) => { told.push(progress) }
  })
  const migrating: Progress[] = []
  const waiting: Progress[] = []
  const migration = begin(migrating)
  await until(() => migrating.some(({ isWaiting }) => !isWaiting))
  t.same(await Promise.all([migration, begin(waiting)]), [{ from: 1, to: 2 }, { from: 2, to: 2 }])
  t.match(migrating.at(-1), { isWaiting: false, from: 1, to: 2, seconds: Number })
  t.match(waiting[0], { isWaiting: true, from: 1, to: 2, seconds: Number })
  t.ok(waiting.length >= 3, `told ${waiting.length} times`)
  const { rows } = await admin.query(`SELECT version FROM ${pg.escapeIdentifier(schema)}.oneroute_webhooks_migrations ORDER BY version`)
  t.same(rows, [{ version: 1 }, { version: 2 }], 'it ran once')
})

test('what a migration sets is set for its transaction only', async (t) => {
  const pool = openPool(t, url, { max: 1, options: '-c statement_timeout=4000 -c synchronous_commit=off' })
  const show = async () => (await pool.query(`SELECT current_setting('statement_timeout') AS timeout, current_setting('search_path') AS path,
    current_setting('synchronous_commit') AS commit`)).rows[0] as unknown
  const before = await show()
  const seen: Migration = {
    sql: (name) => `CREATE TABLE ${name}.seen AS SELECT current_setting('statement_timeout') AS timeout, current_setting('search_path') AS path,
      current_setting('synchronous_commit') AS commit`,
    worksWith: 1
  }
  const schema = newSchema()
  await prepareSchema(new Database(pool, Fastify().log), schema, { migrations: [seen] })
  t.same((await admin.query(`SELECT * FROM ${pg.escapeIdentifier(schema)}.seen`)).rows, [{ timeout: '0', path: 'pg_catalog, pg_temp', commit: 'on' }])
  t.same(await show(), before)
})

test('a migration that is no longer wanted is stopped on the server, and changes nothing', async (t) => {
  const schema = newSchema()
  const database = new Database(openPool(t, url, { application_name: schema }), Fastify().log)
  const endless: Migration = { sql: () => 'SELECT pg_sleep(3600)', worksWith: 1 }
  const stop = new AbortController()
  const migration = prepareSchema(database, schema, { migrations: [endless], signal: stop.signal })
  const sleeping = async () => (await admin.query("SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'PgSleep'", [schema])).rows.length
  await until(async () => await sleeping() === 1)
  stop.abort()
  await t.rejects(migration, { name: 'AbortError' })
  t.equal(await sleeping(), 0)
  t.same((await admin.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])).rows, [])
  await t.rejects(prepareSchema(database, schema, { migrations: [endless], signal: stop.signal }), { name: 'AbortError' }, 'nor does it begin')
})

test('a migration that the server cannot be told to stop is stopped after its statement', async (t) => {
  const role = `oneroute_single_${process.pid}`
  const schema = newSchema()
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'password' CONNECTION LIMIT 1; CREATE SCHEMA ${pg.escapeIdentifier(schema)} AUTHORIZATION ${role}`)
  t.teardown(async () => { await admin.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`) })
  const database = new Database(plainPool(openPool(t, Object.assign(new URL(url), { username: role, password: 'password' }).href)), Fastify().log)
  const release = await holdLock(t, schema)
  const stop = new AbortController()
  const migration = prepareSchema(database, schema, { migrations: [first], signal: stop.signal })
  migration.catch(() => {}) // it is looked at below
  await until(async () => (await admin.query("SELECT FROM pg_stat_activity WHERE usename = $1 AND wait_event = 'advisory'", [role])).rows.length === 1)
  stop.abort()
  const refused = database.run('SELECT 1') // the role has one connection, and what would stop the other was refused before this is
  await t.rejects(refused, { message: /too many connections for role/ })
  await release()
  await t.rejects(migration, { name: 'AbortError' })
  t.same((await admin.query('SELECT FROM pg_class WHERE relnamespace = $1::regnamespace', [pg.escapeIdentifier(schema)])).rows, [])
})

test('once a migration is over, nothing that its connection does is stopped', async (t) => {
  const { signal } = new AbortController()
  await prepareSchema(new Database(openPool(t, url), Fastify().log), newSchema(), { migrations: [first], signal })
  t.same(getEventListeners(signal, 'abort'), [])
})

test('a connection that may still be in its transaction is not used again', async (t) => {
  const wrong: Migration = { sql: () => 'SELECT 1 / 0', worksWith: 1 }
  const pool = new LossyPool(url)
  t.teardown(async () => { await pool.end() })
  const failing = async () => { await prepareSchema(new Database(pool, Fastify().log), newSchema(), { migrations: [wrong] }) }
  const refusal = { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /division by zero/ }
  await t.rejects(failing, refusal)
  t.equal(pool.totalCount, 1)
  pool.lose = 'ROLLBACK'
  await t.rejects(failing, refusal)
  t.equal(pool.totalCount, 0)
})

test('a migration whose connection is cut is undone, and can be run again', async (t) => {
  const schema = newSchema()
  const application = `cut ${process.pid}`
  const database = new Database(openPool(t, url, { application_name: application }), Fastify().log)
  const endless: Migration = { sql: (name) => `CREATE TABLE ${name}.two (); SELECT pg_sleep(3600)`, worksWith: 1 }
  const migration = prepareSchema(database, schema, { migrations: [endless] })
  migration.catch(() => {}) // it is looked at below
  await until(async () => (await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'PgSleep'", [application])).rows.length === 1)
  await t.rejects(migration, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /terminating connection/ })
  t.same(await prepareSchema(database, schema, { migrations: [first] }), { from: 0, to: 1 })
})
