import type { EventEmitter } from 'node:events'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { createApp, gate } from '../../helpers/app.ts'
import { listen } from '../../helpers/http.ts'
import { openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { Client, job } from '../helpers/client.ts'
import { until } from '../helpers/until.ts'

type Job = ReturnType<typeof job>

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

/** An app that uses this pool, too, and what its listener was given. */
async function startApp (t: Test, pool: pg.Pool, listener: (job: Job) => unknown = async () => await pool.query('SELECT')) {
  const schema = newSchema()
  const { app } = await createApp(t, { inbox: postgresInbox({ pool, schema }), retry: { attempts: 2, minDelay: 1, maxDelay: 2 } })
  const heard: string[] = []
  app.webhooks.on('event', async (event, { attempt }) => {
    const job = event as unknown as Job // what is posted here
    heard.push(`${job.conversation.id} ${job.n}`)
    await listener(job)
    if (attempt <= (job.fails ?? 0)) throw new Error('as it was told')
  })
  const client = new Client(t, await listen(app))
  const { inbox } = app.webhooks
  return { app, client, heard, inbox, drained: async () => { await until(async () => (await inbox.stats()).pending === 0) }, schema }
}

/** All that an app can have done, with this pool. */
async function doAll (t: Test, pool: pg.Pool): Promise<void> {
  const { app, client, heard, inbox, drained } = await startApp(t, pool)
  const jobs = [job('a', 0), job('a', 1, { fails: 1 }), job('a', 2, { fails: 2 }), job('b', 0)]
  const answers: Array<{ id?: string, status?: string }> = []
  for (const event of [...jobs, ...jobs.slice(0, 1)]) answers.push((await client.post(event)).body)
  t.same(answers.map(({ status }) => status), ['accepted', 'accepted', 'accepted', 'accepted', 'duplicate'])
  await drained()
  t.match(await inbox.stats(), { pending: 0, done: 3, dead: 1, invalid: 0 })
  t.same(heard.filter((name) => name !== 'b 0'), ['a 0', 'a 1', 'a 1', 'a 2', 'a 2'])
  t.match((await inbox.list()).map(({ event, state, attempts }) => [event, state, attempts]),
    [[jobs[3], 'done', 1], [jobs[2], 'dead', 2], [jobs[1], 'done', 2], [jobs[0], 'done', 1]])
  t.match(await inbox.get(answers[2]?.id ?? ''), { state: 'dead', error: /as it was told/, finishedAt: Date })
  t.equal(await inbox.replay(answers.slice(0, 4).map(({ id = '' }) => id)), 4)
  await drained()
  t.match(await inbox.stats(), { pending: 0, done: 3, dead: 1 })
  t.equal(heard.length, 12)
  await app.close()
  t.equal((await pool.query('SELECT')).rows.length, 1, 'the pool is open')
  t.equal(pool.idleCount, pool.totalCount, 'nothing of it is in use')
}

/** How many listeners there are, by what they listen to. */
function listenersOf (emitter: EventEmitter): object {
  return Object.fromEntries(emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]))
}

/** What a session may keep of those who used it. */
async function stateOf (client: pg.PoolClient) {
  const { rows: [row] } = await client.query<{ statements: string[] }>(`SELECT
    ARRAY(SELECT pg_listening_channels()) AS channels,
    ARRAY(SELECT name || ' = ' || setting FROM pg_settings WHERE source = 'session' OR name LIKE '%transaction%') AS settings,
    ARRAY(SELECT locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory') AS locks,
    ARRAY(SELECT relname::text FROM pg_class WHERE relpersistence = 't') AS tables,
    ARRAY(SELECT name FROM pg_cursors WHERE is_holdable) AS cursors,
    ARRAY(SELECT name FROM pg_prepared_statements WHERE name NOT LIKE 'oneroute\\_%') AS statements`)
  return { ...row, listeners: listenersOf(client) }
}

test('a pool that the app has used up: 503 until it gives its connections back, and then everything is delivered', async (t) => {
  const pool = openPool(t, url, { max: 3 })
  const held = gate()
  const { client, heard, inbox, drained, schema } = await startApp(t, pool, async ({ conversation }) => { if (conversation.id === 'held') await held.promise })
  await client.post(job('held', 0))
  await until(() => heard.length === 1)
  await until(async () => (await admin.query('SELECT FROM pg_stat_activity WHERE query = $1', [`LISTEN ${pg.escapeIdentifier(schema)}`])).rowCount === 1)
  const taken = [await pool.connect(), await pool.connect()]
  const refused = await client.post(job('a', 0))
  t.match(refused, { statusCode: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' } })
  const waiting = client.post(job('a', 0))
  held.resolve(undefined) // what has become of it cannot be stored yet
  await until(() => pool.waitingCount > 1)
  for (const connection of taken) connection.release()
  t.match(await waiting, { statusCode: 200, body: { status: 'accepted' } })
  await drained()
  t.same(heard, ['held 0', 'a 0'])
  t.match(await inbox.stats(), { done: 2, dead: 0 })
  t.equal(pool.waitingCount, 0)
})

for (const max of [1, 2, 3]) {
  test(`a pool of ${max} is enough for everything, and for the listeners`, async (t) => {
    await doAll(t, openPool(t, url, { max }))
  })
}

for (const [name, config] of Object.entries<pg.PoolConfig>({
  'are closed after a millisecond': { idleTimeoutMillis: 1 },
  'are closed after a millisecond, of which there is one': { idleTimeoutMillis: 1, max: 1 },
  'send one query before the other was answered': { pipeline: true },
  'are used once': { maxUses: 1 },
  'are used once, of which there is one': { maxUses: 1, max: 1 },
  'have settings of the app': {
    options: '-c search_path=nowhere -c DateStyle=German -c bytea_output=escape -c standard_conforming_strings=off -c TimeZone=Asia/Kathmandu ' +
      '-c synchronous_commit=off -c IntervalStyle=iso_8601 -c extra_float_digits=-15'
  }
})) {
  test(`connections that ${name} are good enough`, async (t) => {
    await doAll(t, openPool(t, url, config))
  })
}

test('when the app is closed, its pool is as it was: open, with no listener, and no trace on its connections', async (t) => {
  const pool = openPool(t, url, { max: 5 })
  const before = listenersOf(pool)
  const { app, client, drained, schema } = await startApp(t, pool, () => {})
  for (let n = 0; n < 20; n++) await Promise.all(['a', 'b', 'c'].map(async (conversation) => await client.post(job(conversation, n))))
  await drained()
  await until(async () => (await admin.query('SELECT FROM pg_stat_activity WHERE query LIKE $1', [`%${schema}%`])).rowCount !== 0)
  await app.close()
  t.same(listenersOf(pool), before)
  t.equal(pool.idleCount, pool.totalCount)
  const fresh = openPool(t, url)
  const unused = await fresh.connect()
  const expected = await stateOf(unused)
  const left = pool.totalCount
  t.ok(left > 0, 'some connections are still there')
  const connections = await Promise.all(Array.from({ length: left }, async () => await pool.connect()))
  for (const connection of connections) t.same(await stateOf(connection), expected)
  t.same(expected, { ...expected, channels: [], locks: [], tables: [], cursors: [], statements: [] })
  for (const connection of [unused, ...connections]) connection.release()
  const { rows } = await admin.query("SELECT query FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
  t.same(rows, [], 'and nobody listens any more')
})

/** The package's own types know only the numbers that it has names for. */
interface Types {
  getTypeParser (oid: number): (value: string) => unknown
  setTypeParser (oid: number, parser: (value: string) => unknown): void
}

const global = pg.types as unknown as Types // as it is

test("what the app has told pg to make of the server's values changes nothing", async (t) => {
  const parsers = [16, 17, 20, 21, 23, 25, 701, 1005, 1009, 1016, 1114, 1184, 1700, 2950].map((oid) => ({ oid, parser: global.getTypeParser(oid) }))
  t.teardown(() => { for (const { oid, parser } of parsers) global.setTypeParser(oid, parser) })
  for (const { oid } of parsers) global.setTypeParser(oid, oid === 20 ? BigInt : () => { throw new Error(`a value of type ${oid}`) })
  await doAll(t, openPool(t, url))
  const types = { getTypeParser: () => () => { throw new Error('a value') } }
  await doAll(t, openPool(t, url, { types }))
})

test('two inboxes share a pool, and nothing else', async (t) => {
  const pool = openPool(t, url, { max: 2 })
  const [one, other] = await Promise.all([startApp(t, pool), startApp(t, pool)])
  const jobs = Array.from({ length: 20 }, (_, n) => job('a', n))
  for (const event of jobs) {
    const answers = await Promise.all([one, other].map(async ({ client }) => (await client.post(event)).body.status))
    t.same(answers, ['accepted', 'accepted'])
  }
  await Promise.all([one.drained(), other.drained()])
  for (const { heard } of [one, other]) t.same(heard, jobs.map(({ n }) => `a ${n}`))
  await one.app.close()
  t.match(await other.client.post(job('b', 0)), { statusCode: 200 })
  await other.drained()
  t.match(await other.inbox.stats(), { done: 21 })
  await other.app.close()
  t.equal((await pool.query('SELECT')).rows.length, 1)
})
