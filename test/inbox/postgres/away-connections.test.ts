import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import tap, { test } from 'tap'
import { turns } from '../../helpers/app.ts'
import { openInbox, openPool, PostgresServer, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../conformance.ts'

const server = await PostgresServer.create(tap)

const { url } = server

const newSchema = schemas(tap, url)

const unavailable = { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: Error }

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
