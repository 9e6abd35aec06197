import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { openPool as openOwn } from '../../../lib/inbox/postgres/pool.ts'
import { prepareSchema } from '../../../lib/inbox/postgres/schema.ts'
import { postgresInbox } from '../../../lib/inbox/postgres.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

async function refused (t: Test, options: { connectionString?: string, schema?: string }, reason: RegExp) {
  const inbox = postgresInbox({ connectionString: url, ...options })
  await t.rejects(async () => { await inbox.open({ log: Fastify().log, maxBacklog: 1, wake: () => {} }) },
    { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: reason }, String(reason))
  await inbox.close()
}

/** The address of this server with another part. */
function urlWith (change: (url: URL) => void): string {
  const changed = new URL(url)
  change(changed)
  return changed.href
}

test('a schema of any name works, and is made by whoever comes first', async (t) => {
  for (const schema of [newSchema(), `${newSchema().slice(0, 40)} "it's" \\ é`]) {
    const inboxes = await Promise.all([1, 2, 3, 4].map(async () => await openInbox(t, { connectionString: url, schema })))
    const statuses = await Promise.all(inboxes.map(async (inbox) => await inbox.add(newEvent('a', { id: 'the same' }))))
    t.same(statuses.sort(), ['accepted', 'duplicate', 'duplicate', 'duplicate'])
    t.match(await inboxes[0]?.stats(), { pending: 1 })
    t.equal(await inboxes[1]?.replay(['the same']), 0)
    for (const inbox of inboxes) await inbox.close()
  }
})

test('a schema that a newer version has made is refused, and left as it is', async (t) => {
  const schema = newSchema()
  const database = new Database(openPool(t, url), Fastify().log)
  const migrations = [(name: string) => `CREATE TABLE ${name}.one ()`, (name: string) => `CREATE TABLE ${name}.two ()`]
  await prepareSchema(database, schema, migrations.slice(0, 1))
  await prepareSchema(database, schema, migrations)
  await prepareSchema(database, schema, migrations)
  const { rows } = await admin.query(`SELECT version FROM ${pg.escapeIdentifier(schema)}.migrations ORDER BY version`)
  t.same(rows, [{ version: 1 }, { version: 2 }])
  await refused(t, { schema }, /its version is 2, and this package knows 1: a newer version/)
})

test('that the package pg is missing is said', async (t) => {
  await t.rejects(async () => { await openOwn({ connectionString: url }, 'any', async () => { throw new Error('not found') }) },
    { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /'pg', which is not installed/ })
})

test('a server that is too old is refused', async (t) => {
  const database = new Database(openPool(t, url), Fastify().log)
  await t.rejects(async () => { await prepareSchema(database, newSchema(), [], 99) }, { message: /PostgreSQL 99 or later is needed/ })
})

test('a migration that fails leaves nothing behind', async (t) => {
  const schema = newSchema()
  const database = new Database(openPool(t, url), Fastify().log)
  const wrong = [(name: string) => `CREATE TABLE ${name}.one (); CREATE TABLE ${name}.one ()`]
  await t.rejects(async () => { await prepareSchema(database, schema, wrong) }, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /"one" already exists/, cause: { code: '42P07' } })
  await (await openInbox(t, { connectionString: url, schema })).close()
})

test('who may not make a schema can be given one, and is told so', async (t) => {
  const schema = newSchema()
  const role = `oneroute_${process.pid}`
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'password'; CREATE SCHEMA ${pg.escapeIdentifier(schema)} AUTHORIZATION ${role}`)
  t.teardown(async () => { await admin.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`) })
  const connectionString = urlWith((url) => { [url.username, url.password] = [role, 'password'] })
  const inbox = await openInbox(t, { connectionString, schema })
  t.equal(await inbox.add(newEvent('a')), 'accepted')
  await inbox.close()
  await refused(t, { connectionString, schema: newSchema() }, /permission denied for database/)
})

test('a server that cannot be reached or used is refused, and why', async (t) => {
  await refused(t, { connectionString: urlWith((url) => { url.port = '1' }) }, /cannot be used: .*ECONNREFUSED/)
  await refused(t, { connectionString: urlWith((url) => { url.pathname = '/missing' }) }, /database "missing" does not exist/)
  await refused(t, { connectionString: urlWith((url) => { url.searchParams.set('options', '-c default_transaction_read_only=on') }) }, /read-only/)
  for (const isolation of ['repeatable read', 'serializable']) {
    await refused(t, { connectionString: urlWith((url) => { url.searchParams.set('options', `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`) }) },
      new RegExp(`\`default_transaction_isolation\` is '${isolation}', and must be 'read committed'`))
  }
})

test('a database of another encoding is refused', async (t) => {
  const name = `latin_${process.pid}`
  await admin.query(`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
  t.teardown(async () => { await admin.query(`DROP DATABASE ${name}`) })
  await refused(t, { connectionString: urlWith((url) => { url.pathname = `/${name}` }) }, /encoding is LATIN1, and must be UTF8/)
})

test('an inbox is for one app at a time, and can be opened again', async (t) => {
  const inbox = await openInbox(t, { connectionString: url, schema: newSchema() })
  const open = async () => { await inbox.open({ log: Fastify().log, maxBacklog: 1, wake: () => {} }) }
  await t.rejects(open, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /open already/ })
  t.equal(await inbox.add(newEvent('a')), 'accepted')
  await inbox.close()
  await open()
  t.equal((await inbox.claim(1)).length, 1)
})
