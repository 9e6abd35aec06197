import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { migrate } from '../../../lib/cli/inbox/migrate.ts'
import { parseInboxOptions } from '../../../lib/cli/inbox/options.ts'
import { scriptFor } from '../../../lib/inbox/postgres/migrate.ts'
import { MIGRATIONS } from '../../../lib/inbox/postgres/migrations.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { createApp, message } from '../../helpers/app.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { blocks, section } from '../../helpers/pages.ts'
import { until } from '../../faults/helpers/until.ts'
import { newEvent } from '../../inbox/conformance.ts'
import { cli } from '../helpers.ts'

tap.setTimeout(120_000)

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)
const where = (schema: string, db = url) => ['--db', db, '--schema', schema]

let roles = 0

/** A role that may log in, and nothing more; and the address that it uses. */
async function createRole (t: Test): Promise<{ role: string, address: string }> {
  const role = `oneroute_role_${process.pid}_${++roles}`
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'password'`)
  t.teardown(async () => { await admin.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`) })
  return { role, address: Object.assign(new URL(url), { username: role, password: 'password' }).href }
}

async function versionsOf (schema: string): Promise<object[]> {
  return (await admin.query<{ version: number, works_with: number }>(`SELECT version, works_with FROM ${pg.escapeIdentifier(schema)}.oneroute_webhooks_migrations ORDER BY version`)).rows
}

/** Holds what migrates in this schema, until it is called. */
async function hold (t: Test, schema: string): Promise<() => Promise<void>> {
  const client = new pg.Client(url)
  await client.connect()
  t.teardown(async () => { await client.end() })
  await client.query("SELECT pg_advisory_lock(hashtextextended('fastify-oneroute-webhooks ' || $1, 0))", [schema])
  return async () => { await client.query('SELECT pg_advisory_unlock_all()') }
}

test('a schema is made and brought up to date by the command, which says from which version to which', async (t) => {
  const schema = newSchema()
  t.match(await cli(['inbox', 'stats', ...where(schema)]), { code: 1, stderr: /there is no such inbox/ })
  t.same(await cli(['inbox', 'migrate', ...where(schema)]), { code: 0, stdout: `from nothing to version ${MIGRATIONS.length}\n`, stderr: '' })
  t.same(await cli(['inbox', 'migrate', ...where(schema)]), { code: 0, stdout: `version ${MIGRATIONS.length} already\n`, stderr: '' })
  t.same(await cli(['inbox', 'migrate', '--json', ...where(schema)]), { code: 0, stdout: `{"from":${MIGRATIONS.length},"to":${MIGRATIONS.length}}\n`, stderr: '' })
  t.match(await cli(['inbox', 'stats', ...where(schema)]), { code: 0 })
})

test('what cannot be migrated is said', async (t) => {
  const { role, address } = await createRole(t)
  t.match(await cli(['inbox', 'migrate', ...where(newSchema(), address)]), { code: 1, stdout: '', stderr: /cannot be used: permission denied for database .* needs CREATE on the database/ })
  t.match(await cli(['inbox', 'migrate', '--db', `postgres://${role}:S3CRET@127.0.0.1:1/x`]), { code: 1, stderr: /'oneroute_webhooks' cannot be used: .*ECONNREFUSED/ })
  t.match(await cli(['inbox', 'migrate', '--sql', '--db', `postgres://${role}:S3CRET@127.0.0.1:1/x`]), { code: 1, stdout: '', stderr: /'oneroute_webhooks' cannot be used: .*ECONNREFUSED/ })
})

/** The command as a program can start it. */
function start (schema: string, words: readonly string[] = [], migrations = MIGRATIONS) {
  const options = parseInboxOptions(['migrate', ...words, ...where(schema)], {})
  if (options === 'help') throw new Error('it was not asked for')
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const ended = migrate(options, { stdin, stdout, stderr, env: {}, signal: new AbortController().signal }, { migrations, progressEvery: 20 })
  return { ended, nextLine: async () => String((await once(stderr, 'data'))[0]), printed: () => String(stdout.read()) }
}

test('a schema is brought from the version that it is of to the newest', async (t) => {
  const schema = newSchema()
  await cli(['inbox', 'migrate', ...where(schema)])
  const newer = [...MIGRATIONS, { sql: (name: string) => `CREATE TABLE ${name}.more ()`, worksWith: 1 }]
  const words = `from version ${MIGRATIONS.length} to version ${newer.length}\n`
  const script = start(schema, ['--sql'], newer)
  t.equal(await script.ended, 0)
  const text = script.printed()
  t.ok(text.startsWith(`-- ${words}BEGIN`))
  t.notMatch(text, /CREATE SCHEMA|\.events /, 'only what is missing')
  const migration = start(schema, [], newer)
  t.equal(await migration.ended, 0)
  t.equal(migration.printed(), words)
  t.match(await versionsOf(schema), { length: newer.length })
  t.match(await cli(['inbox', 'migrate', ...where(schema)]), { code: 0, stdout: `version ${newer.length} already\n` }, 'an older command leaves it')
})

test('that the connection is lost is said', async (t) => {
  const schema = newSchema()
  await hold(t, schema)
  const { ended } = start(schema)
  ended.catch(() => {}) // it is looked at below
  await until(async () => (await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE wait_event = 'advisory' AND application_name = 'fastify-oneroute-webhooks'`)).rows.length > 0)
  await t.rejects(ended, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /terminating connection/ })
})

test('while it takes, stderr says how long, and Ctrl-C ends it', async (t) => {
  const schema = newSchema()
  const release = await hold(t, schema)
  const { ended, nextLine, printed } = start(schema)
  t.match(await nextLine(), /^waiting for another process, which migrates: \d+ s\n$/)
  const stop = new AbortController()
  const stopped = cli(['inbox', 'migrate', ...where(schema)], { interrupt: stop })
  const waiting = async () => (await admin.query("SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND application_name = 'fastify-oneroute-webhooks'")).rows.length
  await until(async () => await waiting() === 2)
  stop.abort()
  t.match(await stopped, { code: 130, stdout: '' })

  const other = await admin.connect()
  await other.query(`BEGIN; CREATE SCHEMA ${pg.escapeIdentifier(schema)}`) // until that is undone, nobody else can
  await release()
  while (!(await nextLine()).startsWith(`from nothing to version ${MIGRATIONS.length}: `));
  await other.query('ROLLBACK')
  other.release()
  t.equal(await ended, 0)
  t.equal(printed(), `from nothing to version ${MIGRATIONS.length}\n`)
})

test('the SQL for what is missing is printed, and changes nothing by itself', async (t) => {
  const schema = `${newSchema().slice(0, 40)} "it's" \\ é`
  const all = await cli(['inbox', 'migrate', '--sql', '--schema', schema])
  t.match(all, { code: 0, stdout: /^-- from nothing to version \d+\nBEGIN/, stderr: '' })
  t.same(await cli(['inbox', 'migrate', '--sql', ...where(schema)]), all, 'with an address where there is nothing')
  t.same((await admin.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])).rows, [])
  await admin.query(all.stdout)
  t.teardown(async () => { await admin.query(`DROP SCHEMA ${pg.escapeIdentifier(schema)} CASCADE`) })
  t.same(await versionsOf(schema), MIGRATIONS.map(({ worksWith }, i) => ({ version: i + 1, works_with: worksWith })))
  t.same(await cli(['inbox', 'migrate', '--sql', ...where(schema)]), { code: 0, stdout: `-- version ${MIGRATIONS.length} already\n`, stderr: '' })
  const inbox = await openInbox(t, { connectionString: url, schema })
  t.equal(await inbox.add(newEvent('a')), 'accepted')
  await inbox.close()
  await t.rejects(admin.query(all.stdout), { message: /already exists/ })
})

test('SQL for a schema that a newer package has made, with which this one does not work, is refused as the migration is', async (t) => {
  const schema = newSchema()
  await cli(['inbox', 'migrate', ...where(schema)])
  const add = `INSERT INTO ${pg.escapeIdentifier(schema)}.oneroute_webhooks_migrations (version, works_with) VALUES ($1, $2)`
  await admin.query(add, [98, 1])
  t.match(await cli(['inbox', 'migrate', '--sql', ...where(schema)]), { code: 0, stdout: '-- version 98 already\n' })
  await admin.query(add, [99, 99])
  const refused = { code: 1, stdout: '', stderr: /cannot be used: its version is 99, and the oldest package that works with it knows 99/ }
  t.match(await cli(['inbox', 'migrate', ...where(schema)]), refused)
  t.match(await cli(['inbox', 'migrate', '--sql', ...where(schema)]), refused)
})

test('SQL that comes too late does nothing', async (t) => {
  const schema = newSchema()
  const migrations = ['one', 'two', 'three'].map((table) => ({ sql: (name: string) => `CREATE TABLE ${name}.${table} ()`, worksWith: 1 }))
  const run = async (from: number, most: number) => {
    const client = new pg.Client(url) // as psql would: one connection, which ends with the error
    await client.connect()
    await client.query(scriptFor(schema, from, migrations.slice(0, most))).finally(async () => { await client.end() })
  }
  await run(0, 1)
  await t.rejects(run(2, 3), { message: 'the schema is not of version 2' })
  await run(1, 3)
  await t.rejects(run(1, 3), { message: 'the schema is not of version 1' })
  t.same(await versionsOf(schema), [1, 2, 3].map((version) => ({ version, works_with: 1 })))
})

/** The statements that the page has for the role of an app. */
function grants (schema: string, role: string): string {
  const [sql] = blocks(section('The PostgreSQL inbox')).filter(({ language }) => language === 'sql')
  const code = sql?.code ?? ''
  return code.replaceAll('oneroute_webhooks', pg.escapeIdentifier(schema)).replace(/\bapp\b/g, role)
}

test('a role that may only read and write the tables does all that an app and the command do', async (t) => {
  const owner = await createRole(t)
  const plain = await createRole(t)
  const schema = newSchema()
  // By somebody who has a schema, and may not make one.
  await admin.query(`CREATE SCHEMA ${pg.escapeIdentifier(schema)} AUTHORIZATION ${owner.role}`)
  const { stdout: script } = await cli(['inbox', 'migrate', '--sql', '--schema', schema])
  const dba = new pg.Client(owner.address)
  await dba.connect()
  await dba.query(script)
  await dba.query(grants(schema, plain.role))
  await dba.end()
  const { rows: [may] } = await admin.query<Record<string, boolean>>(`SELECT has_schema_privilege($1, n.oid, 'CREATE') AS make, bool_or(has_table_privilege($1, c.oid, 'TRUNCATE')) AS empty
    FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r' WHERE nspname = $2 GROUP BY n.oid`, [plain.role, schema])
  t.same(may, { make: false, empty: false })

  const inbox = postgresInbox({ connectionString: plain.address, schema, keep: 60_000, keepFailed: 60_000 })
  const { app, lines } = await createApp(t, { inbox, retry: { attempts: 2, minDelay: 1, maxDelay: 1, blockFor: 0 } })
  let failing = true
  const heard: string[] = []
  app.webhooks.on('newMessage', ({ conversation }, { attempt }) => {
    heard.push(`${conversation.id} ${attempt}`)
    if (failing || attempt === 1) throw new Error('as it was told')
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const settled = async () => { await until(async () => (await app.webhooks.inbox.stats()).pending === 0) }
  const first = await app.webhooks.receive(message('a'))
  const second = await app.webhooks.receive(message('b'))
  t.match(await app.webhooks.receive({ event: 'newMessage', wrong: true }), { status: 'invalid' })
  await settled()
  t.match(await app.webhooks.inbox.stats(), { done: 0, dead: 2, invalid: 1 })
  failing = false
  t.equal(await app.webhooks.inbox.replay([first.id]), 1)
  await settled()
  const of = where(schema, plain.address)
  t.match((await cli(['inbox', 'list', '--state', 'dead', ...of])).stdout, second.id)
  t.match(await cli(['inbox', 'replay', '--dead', '--yes', ...of]), { code: 0, stdout: '1 event replayed\n' })
  await until(async () => (await app.webhooks.inbox.stats()).done === 2)
  t.equal(heard.length, 8, 'each twice before, and twice after it was replayed')
  t.match(await cli(['inbox', 'migrate', ...of]), { code: 0, stdout: /already/ })
  t.equal(await app.webhooks.inbox.discard([first.id]), 1)
  t.match(await cli(['inbox', 'forget', 'b', '--yes', ...of]), { code: 0, stdout: '1 event forgotten\n' })
  t.match(await app.webhooks.inbox.stats(), { done: 0, dead: 0, invalid: 1 })
  await app.close()

  const purging = await openInbox(t, { connectionString: plain.address, schema, keep: 0, keepFailed: 0 })
  await until(async () => (await purging.stats()).invalid === 0)
  t.same(lines.filter(({ level }) => level >= 40).map(({ msg }) => msg).filter((msg) => !/a listener failed|retry\.blockFor|not of its schema|unsigned/.test(msg)), [])
})
