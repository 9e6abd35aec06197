import tap, { test } from 'tap'
import { until } from '../../faults/helpers/until.ts'
import { FAST, ONCE, admin, connect, goOn, pidOf, server, urlOf, watch } from './helpers/horizon.ts'

tap.setTimeout(120_000)

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
