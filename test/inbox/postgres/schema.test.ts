import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { openPool as openOwn } from '../../../lib/inbox/postgres/pool.ts'
import { MIGRATIONS } from '../../../lib/inbox/postgres/migrations.ts'
import type { Migration } from '../../../lib/inbox/postgres/migrations.ts'
import { checkSchema, prepareSchema } from '../../../lib/inbox/postgres/schema.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
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

const one: Migration = { sql: (name) => `CREATE TABLE ${name}.one ()`, worksWith: 1 }
const two: Migration = { sql: (name) => `CREATE TABLE ${name}.two ()`, worksWith: 2 }

test('each version of the schema is made once, and says which packages work with it', async (t) => {
  const schema = newSchema()
  const database = new Database(openPool(t, url), Fastify().log)
  t.same(await prepareSchema(database, schema, { migrations: [one] }), { from: 0, to: 1 })
  t.same(await prepareSchema(database, schema, { migrations: [one, two] }), { from: 1, to: 2 })
  t.same(await prepareSchema(database, schema, { migrations: [one, two] }), { from: 2, to: 2 })
  const { rows } = await admin.query(`SELECT version, works_with FROM ${pg.escapeIdentifier(schema)}.oneroute_webhooks_migrations ORDER BY version`)
  t.same(rows, [{ version: 1, works_with: 1 }, { version: 2, works_with: 2 }])
  await refused(t, { schema }, /its version is 2, and the oldest package that works with it knows 2\. This one knows 1: install the newer version/)
})

test('a schema that a newer version has made goes on with an older one, if it says so', async (t) => {
  const schema = newSchema()
  const database = new Database(openPool(t, url), Fastify().log)
  await (await openInbox(t, { connectionString: url, schema })).close()
  t.same(await prepareSchema(database, schema, { migrations: [...MIGRATIONS, { ...two, worksWith: 1 }] }), { from: 1, to: 2 })
  const inbox = await openInbox(t, { connectionString: url, schema })
  t.equal(await inbox.add(newEvent('a')), 'accepted')
  await checkSchema(database, schema)
  t.same(await prepareSchema(database, schema), { from: 2, to: 2 }, 'and nothing is taken back')
})

test('who only looks makes nothing, and is told what to do', async (t) => {
  const schema = newSchema()
  const database = new Database(openPool(t, url), Fastify().log)
  await t.rejects(checkSchema(database, schema), { message: /there is no such inbox/ })
  await prepareSchema(database, schema, { migrations: [one] })
  await t.rejects(checkSchema(database, schema, 2), { message: /its version is 1, and this package needs 2: .*'fastify-oneroute-webhooks inbox migrate'/ })
  await prepareSchema(database, schema, { migrations: [one, two] })
  await t.rejects(checkSchema(database, schema, 1), { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /its version is 2, and the oldest package/ })
})

test('a schema may have tables of the app, but for some names', async (t) => {
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  await admin.query(`CREATE SCHEMA ${tables}; CREATE TABLE ${tables}.migrations (version integer PRIMARY KEY); INSERT INTO ${tables}.migrations VALUES (99)`)
  const inbox = await openInbox(t, { connectionString: url, schema })
  t.equal(await inbox.add(newEvent('a')), 'accepted')
  await inbox.close()
  for (const [taken, reason] of [
    ['TABLE $.events ()', /relation "events" already exists, and is not of this package: give the inbox a schema of its own/],
    ['TYPE $.lanes AS ENUM ()', /type "lanes" already exists, and is not of this package/],
    ['FUNCTION $.recovering() RETURNS boolean LANGUAGE sql AS \'SELECT true\'', /function "recovering" already exists .*, and is not of this package/],
    ['TABLE $.oneroute_webhooks_migrations (version integer)', /its table 'oneroute_webhooks_migrations' is not as this package makes it/],
    ['TABLE $.oneroute_webhooks_migrations (version integer, works_with integer, applied timestamptz)', /its table 'oneroute_webhooks_migrations' is not as this package makes it/]
  ] as const) {
    const schema = newSchema()
    await admin.query(`CREATE SCHEMA $; CREATE ${taken}`.replaceAll('$', pg.escapeIdentifier(schema)))
    await refused(t, { schema }, reason)
  }
})

test('that the package pg is missing is said', async (t) => {
  await t.rejects(async () => { await openOwn({ connectionString: url }, 'any', async () => { throw new Error('not found') }) },
    { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /'pg', which is not installed/ })
})

test('a server that is too old is refused', async (t) => {
  const database = new Database(openPool(t, url), Fastify().log)
  await t.rejects(async () => { await prepareSchema(database, newSchema(), { oldestServer: 99 }) }, { message: /PostgreSQL 99 or later is needed/ })
})

test('a migration that fails leaves nothing behind', async (t) => {
  const schema = newSchema()
  const database = new Database(openPool(t, url), Fastify().log)
  await t.rejects(prepareSchema(database, schema, { migrations: [one, one] }), { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /"one" already exists/, cause: { code: '42P07' } })
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
  await refused(t, { connectionString, schema: newSchema() },
    /permission denied for database .*There is no inbox yet\. .* CREATE on the database, .* run 'fastify-oneroute-webhooks inbox migrate'/)
})

test('who may not change the schema is told which right is missing, and what to run', async (t) => {
  const role = `oneroute_plain_${process.pid}`
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'password'`)
  t.teardown(async () => { await admin.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`) })
  const connectionString = urlWith((url) => { [url.username, url.password] = [role, 'password'] })
  const own = new Database(openPool(t, connectionString), Fastify().log)
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  await admin.query(`CREATE SCHEMA ${tables}; GRANT USAGE ON SCHEMA ${tables} TO ${role}`)
  await refused(t, { connectionString, schema }, /permission denied for schema .*There is no inbox yet\. .* on a schema that is there: run/)
  await prepareSchema(new Database(openPool(t, url), Fastify().log), schema, { migrations: [one] })
  await refused(t, { connectionString, schema }, /permission denied for table .*The role needs USAGE of the schema and its sequence, and SELECT, INSERT, UPDATE and DELETE/)
  await admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA ${tables} TO ${role}`)
  await t.rejects(prepareSchema(own, schema, { migrations: [one, two] }), {
    code: 'FST_ONEROUTE_INBOX_UNUSABLE',
    message: /permission denied for schema .*The inbox is of version 1, and has to be brought up to date\. For that, a role has to own .*: run 'fastify-oneroute-webhooks inbox migrate'/
  })
})

test('who may read the version and nothing else is told so', async (t) => {
  const role = `oneroute_reader_${process.pid}`
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  await (await openInbox(t, { connectionString: url, schema })).close()
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'password'; GRANT USAGE ON SCHEMA ${tables} TO ${role};
    GRANT SELECT ON ${tables}.oneroute_webhooks_migrations TO ${role}`)
  t.teardown(async () => { await admin.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`) })
  const connectionString = urlWith((url) => { [url.username, url.password] = [role, 'password'] })
  await refused(t, { connectionString, schema }, /the role '\w+' lacks USAGE of the sequence event_seq, SELECT, INSERT, UPDATE, DELETE on the table completions, /)
})

test('a server that cannot be reached or used is refused, and why', async (t) => {
  await refused(t, { connectionString: urlWith((url) => { url.port = '1' }) }, /cannot be used: .*ECONNREFUSED/)
  await refused(t, { connectionString: urlWith((url) => { url.pathname = '/missing' }) }, /database "missing" does not exist/)
  await refused(t, { connectionString: urlWith((url) => { url.searchParams.set('options', '-c default_transaction_read_only=on') }) }, /read-only/)
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
