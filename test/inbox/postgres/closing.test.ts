import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../../index.ts'
import type { Inbox } from '../../../index.ts'
import { postgresInbox } from '../../../lib/inbox/postgres.ts'
import { until } from '../../faults/helpers/until.ts'
import { openInbox, openPool, plainPool, postgresUrl, schemas } from '../../helpers/postgres.ts'

tap.setTimeout(60_000)

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

/** Where another session keeps a lock until the test is over. */
async function held (t: Test, schema: string, lock: string): Promise<{ connectionString: string, waiting: () => Promise<boolean> }> {
  const client = new pg.Client(url)
  await client.connect()
  t.teardown(async () => { await client.end() })
  await client.query(`BEGIN; ${lock}`)
  const name = `closing ${schema}`.slice(0, 63)
  return {
    connectionString: `${url}?application_name=${encodeURIComponent(name)}`,
    waiting: async () => (await admin.query("SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'", [name])).rows.length === 1
  }
}

const migrationOf = (schema: string) => `SELECT pg_advisory_xact_lock(hashtextextended('fastify-oneroute-webhooks ${schema}', 0))`

const CLOSING = { code: 'FST_ONEROUTE_CLOSING' }

/** The app is closed while what another session has locked keeps it from starting. */
async function closes (t: Test, inbox: Inbox, waiting: () => Promise<boolean>, close: (app: FastifyInstance) => Promise<unknown>): Promise<void> {
  const app = Fastify()
  void app.register(webhooks, { inbox })
  const started = t.rejects(async () => { await app.ready() }, CLOSING)
  await until(waiting)
  await close(app)
  await started
  t.equal(await waiting(), false, 'nor does the server wait')
}

test('an app that is closed while it waits for the migration of another process ends at once', async (t) => {
  const ways: ReadonlyArray<(app: FastifyInstance) => Promise<unknown>> = [
    async (app) => { await app.close() },
    async (app) => { await new Promise<undefined>((resolve) => { app.close(() => { resolve(undefined) }) }) },
    async (app) => { await app[Symbol.asyncDispose]() }
  ]
  for (const close of ways) {
    const schema = newSchema()
    const { connectionString, waiting } = await held(t, schema, migrationOf(schema))
    await closes(t, postgresInbox({ connectionString, schema }), waiting, close)
    t.same((await admin.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])).rows, [])
  }
})

test('so does one whose pool has no other connection, or whose connections are not of pg', async (t) => {
  for (const [max, wrap] of [[1, (pool: pg.Pool) => pool], [2, plainPool]] as const) {
    const schema = newSchema()
    const { connectionString, waiting } = await held(t, schema, migrationOf(schema))
    await closes(t, postgresInbox({ pool: wrap(openPool(t, connectionString, { max })), schema }), waiting, async (app) => { await app.close() })
  }
})

test('an app that is closed while it waits for tables that are locked ends at once', async (t) => {
  const schema = newSchema()
  await (await openInbox(t, { connectionString: url, schema })).close()
  const { connectionString, waiting } = await held(t, schema, `LOCK TABLE ${pg.escapeIdentifier(schema)}.lanes`)
  await closes(t, postgresInbox({ connectionString, schema }), waiting, async (app) => { await app.close() })
})

test('an inbox whose app is closed before it has a connection does not open', async (t) => {
  const schema = newSchema()
  await (await openInbox(t, { connectionString: url, schema })).close()
  const pool = openPool(t, url)
  await t.rejects(openInbox(t, { pool, schema }, { signal: AbortSignal.abort(new Error('closed')) }), { message: 'closed' })
  await until(() => pool.totalCount === pool.idleCount)
})

test('closing goes well, too, once the start was given up', async (t) => {
  const schema = newSchema()
  const { connectionString, waiting } = await held(t, schema, migrationOf(schema))
  const app = Fastify({ pluginTimeout: 500 })
  void app.register(async (scope) => { await scope.register(webhooks, { inbox: postgresInbox({ connectionString, schema }) }) }) // this function has the timeout
  await t.rejects(async () => { await app.ready() }, { code: 'FST_ERR_PLUGIN_TIMEOUT' })
  await until(waiting)
  await t.resolves(app.close())
  t.equal(await waiting(), false)
})

test('an inbox that does not look at the signal is waited for, and closed with the app', async (t) => {
  const app = Fastify()
  const opening = Promise.withResolvers<undefined>()
  const did: string[] = []
  const inbox = postgresInbox({ connectionString: url, schema: newSchema() })
  const open = inbox.open.bind(inbox)
  const close = inbox.close.bind(inbox)
  void app.register(webhooks, {
    inbox: Object.assign(inbox, {
      open: async (host: Parameters<typeof open>[0]) => {
        await opening.promise
        did.push('opens')
        await open({ ...host, signal: undefined })
      },
      close: async () => {
        did.push('closes')
        await close()
      }
    })
  })
  const closed = app.close()
  opening.resolve(undefined)
  await closed
  t.same(did, ['opens', 'closes'])
})
