import tap, { test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { Horizon } from '../../../lib/inbox/postgres/horizon.ts'
import { until } from '../../faults/helpers/until.ts'
import { lines, openInbox, openPool, PostgresServer, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../conformance.ts'
import { DEBUG, FAST, connect, goOn, server, urlOf, watch } from './helpers/horizon.ts'

tap.setTimeout(120_000)

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
