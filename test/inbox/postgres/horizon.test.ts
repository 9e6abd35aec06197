import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { Horizon } from '../../../lib/inbox/postgres/horizon.ts'
import { until } from '../../faults/helpers/until.ts'
import { lines, openInbox, openPool, PostgresServer, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../conformance.ts'

const FAST = { every: 20, warnAfter: 1_000, warnAgain: 1_500 }
/** One look only. */
const ONCE = { every: 600_000, warnAfter: 1_000, warnAgain: 600_000 }
const DEBUG = 20
const INFO = 30
const WARN = 40

tap.setTimeout(120_000)

const server = await PostgresServer.create(tap, ['-c', 'max_prepared_transactions=10', '-c', 'autovacuum_naptime=1'])
const admin = openPool(tap, server.url)
await admin.query('CREATE DATABASE other')
await admin.query("CREATE TABLE rows WITH (autovacuum_enabled = false) AS SELECT repeat('x', 1000) FROM generate_series(1, 500)")
await admin.query("CREATE ROLE nobody LOGIN PASSWORD 'password'")

function urlOf ({ database = 'postgres', user = 'postgres' }, { url } = server): string {
  return Object.assign(new URL(url), { pathname: database, username: user }).href
}

async function connect (t: Test, connectionString: string, application?: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: application })
  client.on('error', () => {}) // its server may be stopped before it is
  await client.connect()
  t.teardown(async () => { await client.end() })
  return client
}

/** The id of its process. */
async function pidOf (client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ pid: string }>('SELECT pg_backend_pid()::text AS pid')
  return rows[0]?.pid ?? ''
}

/** So that nobody's snapshot reaches back to what was before. */
async function goOn (pool = admin): Promise<void> {
  await pool.query('SELECT txid_current()')
}

/** One who looks, and what the log says of it. */
function watch (t: Test, times = FAST, url = server.url) {
  const { log, written } = lines()
  const horizon = new Horizon({ database: new Database(openPool(t, url), log), log, times })
  t.teardown(async () => { await horizon.close() })
  horizon.start()
  const said = (level: number) => written.filter((line) => line.level === level)
  return { horizon, written, warnings: () => said(WARN), infos: () => said(INFO) }
}

test('a transaction that is left open is told of, to a role without rights too, again and again, and that it is over', async (t) => {
  const { horizon, written, warnings, infos } = watch(t, FAST, urlOf({ user: 'nobody' }))
  const holder = await connect(t, server.url, 'a report')
  const pid = await pidOf(holder)
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await holder.query("SELECT 'what a customer has written'")
  const begun = Date.now()
  await goOn()
  await until(() => warnings().length === 2)
  const [first, second] = warnings()
  t.match(first?.msg, new RegExp(`^nothing can be vacuumed in this database while session ${pid} \\(application "a report", user "postgres", database "postgres"\\) has a transaction open: for \\d+ s so far, at least$`))
  t.match(first?.holders, [{ kind: 'session', name: pid, application: 'a report', user: 'postgres', database: 'postgres', seconds: Number }])
  t.ok(Number(first?.time) - begun >= 900, 'not before it has been open for long')
  t.ok(Number(second?.time) - Number(first?.time) >= 1_400, 'nor again before its time')
  t.equal(horizon.isBlocked, true)
  t.same(infos(), [])
  await holder.query('COMMIT')
  await until(() => infos().length > 0)
  t.equal(horizon.isBlocked, false)
  t.match(infos(), [{ msg: 'PostgreSQL can vacuum this database again' }])
  t.notMatch(JSON.stringify(written), /customer/)
})

test('how long it has been so is known at once if the server tells', async (t) => {
  const idle = await connect(t, server.url)
  const pid = await pidOf(idle)
  await idle.query('BEGIN')
  await idle.query('SELECT txid_current()')
  const client = await connect(t, server.url)
  await client.query('BEGIN')
  await client.query('SELECT txid_current()')
  await client.query("PREPARE TRANSACTION 'an order'")
  t.teardown(async () => { await admin.query("ROLLBACK PREPARED 'an order'") })
  await until(async () => (await admin.query("SELECT FROM pg_prepared_xacts WHERE prepared < now() - interval '1.5 s'")).rows.length > 0)
  const { warnings } = watch(t, ONCE)
  await until(() => warnings().length > 0)
  t.match(warnings(), [{
    msg: new RegExp(`while session ${pid} \\(user "postgres", database "postgres"\\) has a transaction open`),
    holders: [
      { kind: 'session', name: pid, application: null },
      { kind: 'prepared transaction', name: 'an order', application: null, user: 'postgres', database: 'postgres' }
    ]
  }])
  await idle.query('COMMIT')
  const { warnings: ofOne } = watch(t, ONCE)
  await until(() => ofOne().length > 0)
  t.match(ofOne(), [{ msg: /while prepared transaction an order \(user "postgres", database "postgres"\) is neither committed nor rolled back: for \d+ s/ }])
})

test('what holds nothing, or not for long, is not told of', async (t) => {
  await admin.query("CREATE TABLE more WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_insert_threshold = -1) AS SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
  const isAnalyzed = async () => (await admin.query("SELECT FROM pg_stat_progress_analyze WHERE relid = 'more'::regclass")).rows.length > 0
  await until(isAnalyzed)
  const { horizon, warnings } = watch(t)
  const vacuuming = await connect(t, server.url)
  await vacuuming.query('SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1')
  const vacuum = vacuuming.query('VACUUM rows').catch(() => {})
  const parallel = await connect(t, server.url, 'in parallel')
  await parallel.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL debug_parallel_query = on')
  const sleeping = parallel.query('SELECT pg_sleep(60)').catch(() => {})
  const elsewhere = await connect(t, urlOf({ database: 'other' }))
  await elsewhere.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  const working = async () => (await admin.query("SELECT FROM pg_stat_progress_vacuum WHERE relid = 'rows'::regclass UNION ALL SELECT FROM pg_stat_activity WHERE backend_type = 'parallel worker'")).rows.length
  await until(async () => await working() === 2)
  await until(async () => {
    await goOn() // each of them is short
    return warnings().length > 0
  })
  t.same([await working(), await isAnalyzed()], [2, true])
  t.match(warnings()[0]?.holders, [{ application: 'in parallel' }])
  t.same((warnings()[0]?.holders as unknown[]).length, 1, 'the one who has sent the statement')
  t.equal(horizon.isBlocked, true)
  await admin.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query ~ '^VACUUM rows|pg_sleep' AND pid <> pg_backend_pid()")
  await Promise.all([vacuum, sleeping])
  await parallel.query('ROLLBACK')
  await until(() => !horizon.isBlocked)
})

test('a transaction in another database that has changed something is told of: snapshots reach back to it', async (t) => {
  const { warnings } = watch(t)
  const elsewhere = await connect(t, urlOf({ database: 'other' }), 'an import')
  await elsewhere.query('BEGIN; SELECT txid_current()')
  const snapshot = await connect(t, server.url, 'its victim')
  await snapshot.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await goOn()
  await until(() => warnings().length > 0)
  t.match(warnings()[0]?.msg, /while session \d+ \(application "an import", user "postgres", database "other"\) has a transaction open/)
  t.notMatch(JSON.stringify(warnings()), /its victim/)
})

test('a transaction that begins to write is the one that it was', async (t) => {
  const { warnings } = watch(t, FAST, urlOf({ user: 'nobody' }))
  const old = await connect(t, server.url, 'old')
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await goOn()
  await until(() => warnings().length === 1)
  const young = await connect(t, server.url, 'young')
  await young.query('BEGIN; SELECT txid_current()')
  await old.query('SELECT txid_current()')
  const both = () => warnings().map(({ holders }) => holders as Array<{ application: string, seconds: number }>).find(({ length }) => length === 2)
  await until(() => both() !== undefined)
  const [first, second] = both() ?? []
  t.match([first, second], [{ application: 'old' }, { application: 'young' }])
  t.ok(Number(first?.seconds) > Number(second?.seconds), `${first?.seconds} s and ${second?.seconds} s`)
})

test('a standby with a long query is told of, and so is its slot, even when it is gone', async (t) => {
  const primary = await PostgresServer.create(t)
  const before = openPool(t, primary.url)
  await before.query("SELECT pg_create_physical_replication_slot('a_slot')")
  const { port } = primary
  const standby = await primary.standby(t, [
    '-c', `primary_conninfo=host=127.0.0.1 port=${port} user=postgres password=password application_name=a_standby`,
    '-c', 'hot_standby_feedback=on', '-c', 'wal_receiver_status_interval=1', '-c', 'wal_retrieve_retry_interval=100'
  ])
  await primary.start()
  const pool = openPool(t, primary.url)
  const { warnings } = watch(t, { every: 20, warnAfter: 3_000, warnAgain: 500 }, primary.url) // an idle one keeps nothing for longer than a second
  const query = await connect(t, standby.url)
  const isKept = async () => {
    await goOn(pool)
    return warnings().length > 0
  }
  await query.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await until(isKept)
  t.match(warnings()[0]?.msg, /while standby \d+ \(application "a_standby", user "postgres"\) needs old rows for its queries \(hot_standby_feedback\): for \d+ s/)
  const onStandby = openPool(t, standby.url)
  await onStandby.query("ALTER SYSTEM SET primary_slot_name = 'a_slot'")
  await onStandby.query('SELECT pg_reload_conf()')
  const told = () => warnings().some(({ msg }) => /while replication slot a_slot keeps old rows for a standby: for \d+ s/.test(String(msg)))
  await until(told)
  await standby.stop()
  const { warnings: later, infos } = watch(t, FAST, primary.url)
  await until(() => later().length > 0)
  t.match(later(), [{ holders: [{ kind: 'replication slot', name: 'a_slot', application: null, user: null, database: null }] }])
  await pool.query("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
  await pool.query('SELECT pg_reload_conf()')
  await until(async () => {
    await pool.query("SELECT pg_logical_emit_message(true, '', ''), pg_switch_wal()")
    await pool.query('CHECKPOINT')
    return infos().length > 0
  })
  const { rows } = await pool.query('SELECT wal_status, xmin::text FROM pg_replication_slots')
  t.match(rows, [{ wal_status: 'lost', xmin: String }], 'what is still shown of it counts no more')
})

test('an inbox looks from the first claim on, and again if it may not', async (t) => {
  const url = urlOf({ database: 'other', user: 'nobody' })
  const newSchema = schemas(t, url)
  const other = openPool(t, urlOf({ database: 'other' }))
  await other.query('REVOKE SELECT ON pg_prepared_xacts FROM PUBLIC; GRANT CREATE ON DATABASE other TO nobody')
  const { log, written } = lines()
  const inbox = await openInbox(t, { connectionString: url, schema: newSchema() }, { log })
  t.equal(await inbox.add(newEvent('a')), 'accepted')
  t.same(written, [])
  t.equal((await inbox.claim(1)).length, 1)
  await until(() => written.length > 0)
  t.match(written, [{ level: DEBUG, msg: 'who keeps PostgreSQL from vacuuming could not be looked up', err: { message: /permission denied/ } }])
  t.equal(await inbox.add(newEvent('a')), 'accepted')
  const { written: often } = watch(t, FAST, url)
  await until(() => often.length > 1)
  t.ok(often.every(({ level }) => level === DEBUG))
})

test('it waits for its last look when it closes, and keeps no process', async (t) => {
  const pool = openPool(t, server.url, { max: 1 })
  const { log } = lines()
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const horizon = new Horizon({ database: new Database(pool, log), log, times: FAST })
  const before = timers()
  horizon.start()
  t.equal(timers(), before)
  horizon.start()
  const client = await pool.connect()
  await until(() => pool.waitingCount > 0)
  t.equal(pool.waitingCount, 1, 'one at a time')
  let isClosed = false
  const closing = horizon.close().then(() => { isClosed = true })
  await until(() => pool.waitingCount > 0)
  t.equal(isClosed, false)
  client.release()
  await closing
  t.equal(pool.waitingCount, 0)
})
