import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { Adds } from '../../../lib/inbox/postgres/adds.ts'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { Deliveries } from '../../../lib/inbox/postgres/deliveries.ts'
import { NOTIFY } from '../../../lib/inbox/postgres/notifications.ts'
import type { PostgresPool } from '../../../lib/inbox/postgres/pool.ts'
import { prepareSchema } from '../../../lib/inbox/postgres/schema.ts'
import { TIMEOUTS } from '../../../lib/inbox/postgres/timeouts.ts'
import { Views } from '../../../lib/inbox/postgres/views.ts'
import { until } from '../../faults/helpers/until.ts'
import { lines, openPool, plainPool, PostgresServer, schemas } from '../../helpers/postgres.ts'
import { done, newEvent } from '../conformance.ts'

const server = await PostgresServer.create(tap)
const { url } = server
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

const unavailable = { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: { message: /no answer from PostgreSQL within \d+ ms/ } }

/** The parts of an inbox that do not wait long for an answer, with a pool of 4 as an inbox has it, and what they do. */
async function openParts (t: Test, limits: Partial<typeof TIMEOUTS> = {}, make = (pool: pg.Pool): PostgresPool => pool) {
  const { log, written } = lines()
  const schema = newSchema()
  const pool = openPool(t, url, { max: 4, application_name: schema })
  const database = new Database(make(pool), log, { ...TIMEOUTS, answer: 200, ...limits })
  await prepareSchema(new Database(admin, Fastify().log), schema)
  const added = { times: 0 }
  const adds = new Adds({ database, schema, log, maxBacklog: 1_000, onAdded: () => { added.times++ }, onFull: () => {} })
  const deliveries = new Deliveries({ database, schema, log, lease: 600_000, onDue: () => {} })
  const changes: number[][] = []
  const views = new Views(database, schema, { onChange: async (removed) => { changes.push([...removed]) }, onWrongCounts: () => {} })
  t.teardown(async () => {
    await Promise.all([adds.close(), deliveries.close()])
    await database.close()
  })
  const connections = async () => {
    const { rows } = await admin.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY pid', [schema])
    return rows.map(({ pid }) => pid)
  }
  const said = (text: RegExp) => written.filter(({ msg }) => text.test(String(msg)))
  return { pool, database, schema, adds, deliveries, views, added, changes, connections, written, said }
}

/** While `work` runs, no transaction that is to be on a standby's disk, too, is committed. */
async function withoutStandby (work: () => Promise<void>): Promise<void> {
  await setStandby('nobody')
  try {
    await work()
  } finally {
    await setStandby('')
  }
}

async function setStandby (name: string): Promise<void> {
  await admin.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`)
  await admin.query('SELECT pg_reload_conf()')
  // Whoever commits looks at what the checkpointer has made of it.
  await until(async () => (await admin.query("SELECT FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = $1", [name])).rowCount === 1)
}

test('with the standby away, what was answered 503 is cancelled: what is stored all the same is told, and no connection is lost', async (t) => {
  const { schema, adds, added, connections, said } = await openParts(t)
  await adds.add(newEvent('a', { id: 'before' }))
  const names = Array.from({ length: 6 }, (_, i) => `a${i}`)
  await withoutStandby(async () => {
    for (const [i, id] of names.entries()) {
      await t.rejects(async () => await adds.add(newEvent(id, { id })), unavailable)
      await until(() => said(/stored after all/).length > i)
    }
  })
  await until(async () => (await connections()).length === 1)
  t.match(said(/stored after all/), names.map((id) => ({ level: 40, webhooks: [id] })))
  t.equal(added.times, 1 + names.length, 'those who deliver are told each time')
  t.equal(await adds.add(newEvent('a0', { id: 'a0' })), 'duplicate')
  const { rows } = await admin.query(`SELECT FROM ${pg.escapeIdentifier(schema)}.events`)
  t.equal(rows.length, 1 + names.length)
})

test('when the server crashes once it has committed, and before it has said so, what is stored is told when it is back', async (t) => {
  const { adds, added, said } = await openParts(t, { answer: 60_000 })
  await adds.add(newEvent('a', { id: 'before' }))
  await withoutStandby(async () => {
    const adding = adds.add(newEvent('a', { id: 'a1' }))
    const rejected = t.rejects(adding, { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
    await until(async () => (await admin.query("SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).rowCount === 1)
    await server.crash()
    await rejected
    await server.start()
    await until(() => said(/stored after all/).length > 0)
  })
  t.match(said(/stored after all/), [{ level: 40, webhooks: ['a1'] }])
  t.equal(added.times, 2, 'those who deliver are told')
  t.equal(await adds.add(newEvent('a', { id: 'a1' })), 'duplicate')
})

test('what waits behind a statement that gets no answer does not wait as long again', async (t) => {
  const { schema, adds } = await openParts(t, { answer: 2_000 })
  const client = await admin.connect()
  await client.query(`BEGIN; LOCK TABLE ${pg.escapeIdentifier(schema)}.lanes IN SHARE MODE`)
  const refused = adds.add(newEvent('a')).catch((error: unknown) => error)
  await until(isWaiting)
  const behind = adds.add(newEvent('b')).catch((error: unknown) => error)
  t.match(await refused, unavailable)
  t.equal(await behind, await refused, 'it is the same error')
  await client.query('COMMIT')
  client.release()
  t.equal(await adds.add(newEvent('b')), 'accepted')
})

test('with the standby away, a turn that was given up loses nothing: its claims are given back at once, and what was settled is settled once', async (t) => {
  const { adds, deliveries, connections, written, said, views } = await openParts(t)
  await Promise.all(['a', 'b'].map(async (lane) => await adds.add(newEvent(lane, { id: lane }))))
  const [held] = await deliveries.claim(1)
  await withoutStandby(async () => {
    if (held !== undefined) deliveries.settle(held, done(held))
    await t.rejects(async () => await deliveries.claim(1), unavailable)
    await until(() => said(/could not be stored: it is tried again/).length > 1)
  })
  // Its lease is ten minutes.
  await until(async () => (await deliveries.claim(2).catch(() => [])).some(({ events }) => events[0]?.id === 'b' && events[0].attempt === 1))
  t.match(await views.stats(), { pending: 1, done: 1 })
  t.same(written.filter(({ msg }) => /taken over/.test(String(msg))), [])
  t.equal((await connections()).length <= 4, true)
})

test('a turn that is through when its process has long given it up has claimed nothing', async (t) => {
  const { adds, deliveries, said } = await openParts(t, { cancel: 30_000 }, plainPool)
  await Promise.all(['a', 'b'].map(async (lane) => await adds.add(newEvent(lane, { id: lane }))))
  await withoutStandby(async () => {
    await t.rejects(async () => await deliveries.claim(1), unavailable)
    // It knows of nothing that it would have to give back, and claims the other one.
    await t.rejects(async () => await deliveries.claim(1), unavailable)
  })
  const claimed = new Set<string>()
  await until(async () => { // its lease is ten minutes
    for (const { lane } of await deliveries.claim(2).catch(() => [])) claimed.add(lane)
    return claimed.size === 2
  })
  t.same(said(/taken over/), [])
})

test('with the standby away, what is replayed, discarded or forgotten after it was given up is told to the others', async (t) => {
  const { adds, views, changes } = await openParts(t)
  for (const id of ['a', 'b', 'c']) await adds.add(newEvent(id, { id, ...id === 'c' && { state: 'invalid', problems: [] } }))
  const late = { message: /no answer from PostgreSQL within \d+ ms/ }
  await withoutStandby(async () => {
    const works = [async () => await views.discard(['a']), async () => await views.forget('b'), async () => await views.replay(['c'])]
    for (const [i, work] of works.entries()) {
      await t.rejects(work, late)
      await until(() => changes.length === i + 1)
    }
  })
  t.same(changes, [[1], [2], []])
  t.match(await views.stats(), { pending: 1, invalid: 0 })
})

test('with the standby away, notifications go out', async (t) => {
  const { database, schema } = await openParts(t, { answer: 30_000 })
  const listener = await admin.connect()
  t.teardown(() => { listener.release(true) })
  const heard: unknown[] = []
  listener.on('notification', ({ payload }) => { heard.push(payload) })
  await listener.query(`LISTEN ${pg.escapeIdentifier(schema)}`)
  await withoutStandby(async () => {
    await database.run(NOTIFY, [schema, ['one', 'another']])
    await until(() => heard.length === 2)
  })
  t.same(heard, ['one', 'another'])
})

test('behind a lock whoever looks gives up, and its connection looks again: there are never more than those of the pool', async (t) => {
  const { pool, schema, views, connections } = await openParts(t)
  const looks = async () => await Promise.allSettled(Array.from({ length: 4 }, async () => await views.stats()))
  await looks()
  const before = await connections()
  t.equal(before.length, 4)
  const client = await admin.connect()
  await client.query(`BEGIN; LOCK TABLE ${pg.escapeIdentifier(schema)}.totals`)
  for (let i = 0; i < 3; i++) {
    for (const look of await looks()) t.match(look, { status: 'rejected', reason: { message: /no answer from PostgreSQL within 200 ms/ } })
    await until(() => pool.idleCount === 4)
    t.same(await connections(), before)
  }
  await client.query('COMMIT')
  client.release()
  for (const look of await looks()) t.match(look, { status: 'fulfilled' })
  t.same(await connections(), before)
})

/** Whether events wait for a lock. */
async function isWaiting (): Promise<boolean> {
  return (await admin.query("SELECT FROM pg_stat_activity WHERE query LIKE '%add_events%' AND wait_event_type = 'Lock'")).rowCount === 1
}

test('the server gives up waiting for a lock: the event is not stored, and nothing else is lost', async (t) => {
  const { schema, adds, deliveries, connections, said } = await openParts(t, { answer: 60_000 })
  await adds.add(newEvent('a', { id: 'a' }))
  const [held] = await deliveries.claim(1)
  const before = await connections()
  // The same as it is set by, in less time.
  for (const name of ['add_events', 'turn']) await admin.query(`ALTER FUNCTION ${pg.escapeIdentifier(schema)}.${name} SET lock_timeout = '500ms'`)
  const client = await admin.connect()
  await client.query(`BEGIN; LOCK TABLE ${pg.escapeIdentifier(schema)}.lanes IN SHARE MODE`)
  if (held !== undefined) deliveries.settle(held, done(held))
  const refused = adds.add(newEvent('b', { id: 'b' })).catch((error: unknown) => error)
  await until(isWaiting)
  const behind = adds.add(newEvent('c')).catch((error: unknown) => error)
  t.match(await refused, { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: { code: '55P03' } })
  t.equal(await behind, await refused, 'what waited behind it is refused with it')
  await until(() => said(/could not be stored: it is tried again/).length === 1)
  await client.query('COMMIT')
  client.release()
  t.equal(await adds.add(newEvent('b', { id: 'b' })), 'accepted')
  await deliveries.flushed()
  t.match((await deliveries.claim(2)).map(({ lane }) => lane), ['b'])
  const after = await connections()
  t.same(before.filter((pid) => !after.includes(pid)), [], 'none was closed')
  t.ok(after.length <= 2, 'one adds, and one delivers')
})

test('an add that fails for a reason of its own takes nobody with it', async (t) => {
  const { adds, schema } = await openParts(t)
  const named = async (from: string, to: string) => await admin.query(`ALTER FUNCTION ${pg.escapeIdentifier(schema)}.${from} RENAME TO ${to}`)
  await named('add_events', 'gone')
  await t.rejects(async () => await adds.add(newEvent('a')), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: { code: '42883' } })
  await named('gone', 'add_events')
  t.equal(await adds.add(newEvent('b')), 'accepted')
})

test('nothing is asked any more once it is closed', async (t) => {
  const database = new Database(openPool(t, url), lines().log)
  await database.close()
  await t.rejects(database.run('SELECT 1'), { code: 'FST_ONEROUTE_CLOSING' })
})
