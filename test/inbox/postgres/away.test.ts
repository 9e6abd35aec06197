import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import tap, { test } from 'tap'
import { turns } from '../../helpers/app.ts'
import { lines, openInbox, openPool, PostgresServer, schemas } from '../../helpers/postgres.ts'
import { adds, claim, done, newEvent } from '../conformance.ts'

const server = await PostgresServer.create(tap)
const { url } = server
const newSchema = schemas(tap, url)

const unavailable = { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: Error }

test('while the server is away everything says so, and goes on by itself when it is back', async (t) => {
  const { log, written } = lines()
  const schema = newSchema()
  const woken = { times: 0 }
  const inbox = await openInbox(t, { connectionString: url, schema, lease: 1_000, keep: 0 }, { log, wake: () => { woken.times++ } })
  const said = async (text: RegExp) => { while (!written.some(({ msg }) => text.test(String(msg)))) await turns() }
  await Promise.all(adds(inbox, newEvent('a'), newEvent('b')))
  const [held] = await claim(inbox, 1)
  await server.stop()
  await t.rejects(async () => await inbox.add(newEvent('c')), unavailable)
  await t.rejects(async () => await inbox.claim(1), unavailable)
  for (const ask of [
    async () => await inbox.stats(), async () => await inbox.list(), async () => await inbox.get('a'),
    async () => await inbox.replay(['a']), async () => await inbox.discard(['a']), async () => await inbox.forget('a')
  ]) await t.rejects(async () => { await ask() }, unavailable, String(ask))
  await said(/leases of events under way could not be renewed/)
  await said(/old events could not be removed/)
  if (held !== undefined) await inbox.settle(held, done(held))
  await said(/could not be stored: it is tried again/)
  await server.start()
  t.equal(await inbox.add(newEvent('c')), 'accepted')
  const pool = openPool(t, url)
  const isSettled = async () => (await pool.query(`SELECT FROM "${schema}".totals WHERE done > 0`)).rows.length > 0
  while (!(await isSettled())) await turns()
  t.match(await inbox.stats(), { pending: 2 })
  t.match(written.filter(({ msg }) => /taken over/.test(String(msg))), [])

  const other = await openInbox(t, { connectionString: url, schema })
  woken.times = 0
  await other.add(newEvent('d'))
  while (woken.times === 0) await turns()
})

test('a pool that is exhausted is waited for in vain, and then works again', async (t) => {
  const pool = openPool(t, url, { max: 1 })
  const inbox = await openInbox(t, { pool, schema: newSchema() })
  const client = await pool.connect()
  await t.rejects(async () => await inbox.add(newEvent('a')), { ...unavailable, cause: { message: /no connection to PostgreSQL within 5000 ms/ } })
  client.release()
  t.equal(await inbox.add(newEvent('a')), 'accepted')
})

test('a server that cannot be listened to is asked again and again', async (t) => {
  const pool = openPool(t, url, { max: 3 })
  const inbox = await openInbox(t, { pool, schema: newSchema() })
  const clients = await Promise.all([1, 2, 3].map(async () => await pool.connect()))
  const claiming = inbox.claim(1)
  await t.rejects(async () => await claiming, unavailable)
  for (const client of clients) client.release()
  while (!(await listens(pool))) await turns()
  await inbox.close()
  while (await listens(pool)) await turns() // but not for long
})

test('one renewal at a time is under way', async (t) => {
  const schema = newSchema()
  const pool = openPool(t, url)
  const inbox = await openInbox(t, { connectionString: url, schema, lease: 1_000 })
  await inbox.add(newEvent('a'))
  const [held] = await claim(inbox)
  const client = await pool.connect()
  await client.query(`BEGIN; SELECT FROM "${schema}".lanes FOR UPDATE`)
  const renewals = async () => {
    const { rows } = await pool.query("SELECT query_start::text FROM pg_stat_activity WHERE query LIKE '%renew(%' AND wait_event_type = 'Lock'")
    return rows.length
  }
  while (await renewals() === 0) await turns()
  while (held?.isHeld === true) await turns()
  t.equal(await renewals(), 1)
  await client.query('COMMIT')
  client.release()
  while (held?.isHeld === false) await turns()
  t.equal(held?.isHeld, true, 'nobody had taken it over')
})

test('an inbox that is closed while the server is away ends all the same', async (t) => {
  const { log, written } = lines()
  const inbox = await openInbox(t, { connectionString: url, schema: newSchema() }, { log })
  await inbox.add(newEvent('a'))
  const [held] = await claim(inbox)
  await server.stop()
  if (held !== undefined) await inbox.settle(held, done(held))
  const [adding] = adds(inbox, newEvent('b'))
  await Promise.all([t.rejects(async () => await adding, { code: /CLOSING|UNAVAILABLE/ }), inbox.close()])
  t.match(written.filter(({ level }) => level === 50), [{ msg: /could not be stored/ }])
  await server.start()
})

test('an inbox that has asked in vain, and then is closed while the server is away, ends all the same', async (t) => {
  const { log, written } = lines()
  const inbox = await openInbox(t, { connectionString: url, schema: newSchema() }, { log })
  await server.stop()
  await t.rejects(async () => await inbox.claim(1), unavailable)
  await inbox.close()
  t.same(written.filter(({ level }) => level === 50), [])
  await server.start()
})

async function listens (pool: ReturnType<typeof openPool>): Promise<boolean> {
  const { rows } = await pool.query("SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
  return rows.length > 0
}

/** An ErrorResponse, as the server sends it to a connection that somebody has ended. */
const LAST_WORD = Buffer.concat(['SFATAL', 'VFATAL', 'C57P01', 'Mterminating connection due to administrator command', ''].map((field) => Buffer.from(`${field}\0`)))
const TERMINATED = Buffer.concat([Buffer.from('E'), lengthOf(LAST_WORD), LAST_WORD])
/** The end of the greeting: ReadyForQuery, idle. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

function lengthOf (message: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(message.length + 4)
  return length
}

test('a connection that is cut in the same moment in which it was made ends nothing, and is replaced', async (t) => {
  let left = 0
  const proxy = createServer((client) => {
    const server = connect(Number(new URL(url).port), '127.0.0.1')
    for (const socket of [client, server]) socket.on('error', () => {})
    client.pipe(server)
    server.once('close', () => { client.destroy() })
    server.on('data', (chunk: Buffer) => {
      if (left === 0 || !chunk.subarray(-READY.length).equals(READY)) client.write(chunk)
      else {
        left--
        client.end(Buffer.concat([chunk, TERMINATED])) // in one piece
        server.destroy()
      }
    })
  })
  await new Promise<void>((resolve) => { proxy.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { proxy.close() })
  const there = new URL(url)
  there.port = String((proxy.address() as AddressInfo).port) // it listens on a port
  const inbox = await openInbox(t, { connectionString: there.href, schema: newSchema() })
  const admin = openPool(t, url)
  for (const id of ['a1', 'a2', 'a3']) {
    left = 3
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fastify-oneroute-webhooks'")
    t.equal(await inbox.add(newEvent('a', { id })), 'accepted')
  }
  t.match(await inbox.stats(), { pending: 3 })
})
