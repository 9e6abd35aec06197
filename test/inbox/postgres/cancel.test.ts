import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, Socket } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { query } from '../../../lib/inbox/postgres/query.ts'
import { until } from '../../faults/helpers/until.ts'
import { certificate } from '../../helpers/certificate.ts'
import { openPool, plainPool, PostgresServer } from '../../helpers/postgres.ts'

const server = await PostgresServer.create(tap)
const { url } = server
const admin = openPool(tap, url)
const limits = { connect: 5_000, answer: 100, cancel: 5_000 }
const noAnswer = { message: /no answer from PostgreSQL within 100 ms/ }

async function pidOf (database: Database): Promise<string | null | undefined> {
  return (await database.one('SELECT pg_backend_pid() AS pid')).pid
}

/** One that is not used stays: what is closed was closed for a reason. */
const STAYS = { max: 1, idleTimeoutMillis: 0 }

/** Returns the address by which the database is found through a proxy. */
async function listen (t: Test, proxy: Server): Promise<string> {
  await new Promise<void>((resolve) => { proxy.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { proxy.close() })
  const there = new URL(url)
  there.port = String((proxy.address() as AddressInfo).port) // it listens on a port
  return there.href
}

/** The address of a server that nothing is heard of while it is mute, nor by those who come while it is deaf. */
async function openMute (t: Test, isMute: () => boolean, isDeaf = () => false): Promise<string> {
  const proxy = createServer((client) => {
    if (isDeaf()) {
      client.resume().on('error', () => {})
      t.teardown(() => { client.destroy() })
      return
    }
    const there = connect(server.port, '127.0.0.1')
    t.teardown(() => {
      client.destroy()
      there.destroy()
    })
    for (const [from, to] of [[client, there], [there, client]] as const) {
      from.on('error', () => {})
      from.on('data', (chunk) => { if (!isMute()) to.write(chunk) })
      from.on('close', () => { to.end() })
    }
  })
  return await listen(t, proxy)
}

test('a connection that nothing comes from any more is closed, and another takes its place', async (t) => {
  let isMute = false
  const pool = openPool(t, await openMute(t, () => isMute), STAYS)
  const database = new Database(pool, Fastify().log, { ...limits, cancel: 100 })
  const before = await pidOf(database)
  isMute = true
  const late: unknown[] = []
  await t.rejects(async () => await database.run('SELECT', [], { onLate: (rows) => { late.push(rows) } }), noAnswer)
  await until(() => pool.totalCount === 0)
  isMute = false
  t.not(await pidOf(database), before)
  t.same(late, [], 'nothing is known of it')
  await database.close()
})

let locks = 0

/** A statement that the server is at until it is told to go on. */
async function openGate (t: Test) {
  const key = ++locks
  const client = new pg.Client(url)
  await client.connect()
  t.teardown(async () => { await client.end() })
  await client.query(`SELECT pg_advisory_lock(${key})`)
  return {
    text: `SELECT pg_advisory_lock(${key})`,
    open: async () => await client.query(`SELECT pg_advisory_unlock(${key})`)
  }
}

/** A pool of another package, with one connection, and with what it was released. */
function openPlain (t: Test) {
  const released: unknown[] = []
  const pool = openPool(t, url, STAYS)
  return { pool, released, plain: plainPool(pool, (error) => { released.push(error) }) }
}

test('a connection that cannot be cancelled is used again once the server has answered', async (t) => {
  const { plain, released, pool } = openPlain(t)
  const database = new Database(plain, Fastify().log, { ...limits, connect: 100, cancel: 1 })
  const before = await pidOf(database)
  const { text, open } = await openGate(t)
  let isLate = false
  await t.rejects(async () => await database.run(text, [], { onLate: () => { isLate = true } }), noAnswer)
  // The server would get one more for each.
  await t.rejects(async () => await database.run('SELECT'), /no connection to PostgreSQL within 100 ms/)
  t.same([released, pool.totalCount], [[undefined], 1])
  await open()
  await until(() => isLate)
  await until(() => released.length > 1)
  t.equal(await pidOf(database), before)
  await database.close()
})

test('a connection that cannot be cancelled is closed in the end, when the server does not answer', async (t) => {
  const { plain, released } = openPlain(t)
  const database = new Database(plain, Fastify().log, { ...limits, cancel: 1, unanswered: 50 })
  await t.rejects(async () => await database.run('SELECT pg_sleep(60)'), noAnswer)
  await until(() => released.length === 1)
  t.same(released, [true])
  await database.close()
})

test('to close does not wait for a connection that cannot be cancelled', async (t) => {
  const { plain, released } = openPlain(t)
  const database = new Database(plain, Fastify().log, { ...limits, connect: 100, cancel: 1 })
  await t.rejects(async () => await database.run('SELECT pg_sleep(60)'), noAnswer)
  await t.rejects(async () => await database.run('SELECT'), /no connection/)
  await database.close()
  t.same(released, [true])
})

test('nor for one that is given up while it closes', async (t) => {
  const { plain, released } = openPlain(t)
  const database = new Database(plain, Fastify().log, { ...limits, cancel: 1 })
  // A statement of its own: those of other tests may still be under way.
  const refused = t.rejects(database.run('SELECT pg_sleep(61)'), noAnswer)
  await until(async () => (await admin.query("SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(61)' AND state = 'active'")).rowCount !== 0)
  await database.close()
  await refused
  t.same(released, [true])
})

/** A pool with a stream of its own, which leads elsewhere than its address: as Cloud SQL's connector, or a tunnel. */
function openWithStream (t: Test, there: { host?: string, port: number }, config: pg.PoolConfig = {}, port = server.port): pg.Pool {
  const { username: user, password } = new URL(url)
  const stream = () => {
    const socket = new Socket()
    const connectTo = socket.connect.bind(socket)
    return Object.assign(socket, { connect: () => connectTo(port, '127.0.0.1') })
  }
  const pool = new pg.Pool({ host: '127.0.0.1', ...there, stream, user, password, database: 'postgres', max: 2, ...config })
  pool.on('error', () => {})
  t.teardown(async () => { await pool.end() })
  return pool
}

/** Somebody else, and what is heard there. */
async function listenElsewhere (t: Test, host: string, port = 0) {
  const heard: Buffer[] = []
  const other = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => { heard.push(chunk) })
  })
  await new Promise<void>((resolve) => { other.listen(port, host, resolve) })
  t.teardown(() => { other.close() })
  return { heard, port: (other.address() as AddressInfo).port } // it listens on a port
}

for (const [name, host, samePort] of [['port', '127.0.0.1', false], ['host', '127.0.0.2', true]] as const) {
  test(`the secret of a connection is not told to somebody else, who has its ${name}: it is cancelled from another one`, async (t) => {
    const { heard, port } = await listenElsewhere(t, host, samePort ? server.port : 0)
    const pool = openWithStream(t, { host, port }, { application_name: `another ${name}` })
    const database = new Database(pool, Fastify().log, { ...limits, cancel: 1_000 })
    const long = `SELECT pg_sleep(60) /* ${'so much is not shown of a statement '.repeat(100)}*/`
    for (const text of ['SELECT pg_sleep(60)', 'SELECT pg_sleep(60)', long, 'SELECT pg_sleep(60)']) {
      await t.rejects(async () => await database.run(text), noAnswer)
      await until(() => pool.idleCount === pool.totalCount)
    }
    const { rows } = await admin.query<{ state: string }>('SELECT state FROM pg_stat_activity WHERE application_name = $1', [`another ${name}`])
    t.same(rows, [{ state: 'idle' }, { state: 'idle' }])
    t.same(heard, [])
    await database.close()
  })
}

test('if no other connection is free, it is kept until the server has answered', async (t) => {
  const pool = openWithStream(t, { port: 1 }, { max: 1 })
  const database = new Database(pool, Fastify().log, { ...limits, cancel: 20 })
  const before = await pidOf(database)
  const { text, open } = await openGate(t)
  await t.rejects(async () => await database.run(text), noAnswer)
  const next = pidOf(database)
  await open()
  t.equal(await next, before)
  await database.close()
})

test('when the other connections do not answer either, it is closed', async (t) => {
  let isMute = false
  const { port } = new URL(await openMute(t, () => isMute))
  const pool = openWithStream(t, { port: 1 }, { idleTimeoutMillis: 0 }, Number(port))
  const database = new Database(pool, Fastify().log, { ...limits, cancel: 100 })
  await Promise.all([pidOf(database), pidOf(database)])
  isMute = true
  await t.rejects(async () => await database.run('SELECT'), noAnswer)
  await until(() => pool.totalCount === 0)
  t.pass()
  await database.close()
})

test('a connection whose cancelling may still be on its way is not used again', async (t) => {
  let isMute = false
  const pool = openPool(t, await openMute(t, () => false, () => isMute), STAYS)
  const database = new Database(pool, Fastify().log, { ...limits, cancel: 500 })
  const before = await pidOf(database)
  const { text, open } = await openGate(t)
  isMute = true
  const late: unknown[] = []
  await t.rejects(async () => await database.run(text, [], { onLate: (rows) => { late.push(rows) } }), noAnswer)
  await open()
  await until(() => late.length === 1 && pool.totalCount === 0)
  isMute = false
  t.not(await pidOf(database), before)
  await database.close()
})

test('a connection whose server takes no others any more is closed', async (t) => {
  const proxy = createServer(passOn)
  const pool = openPool(t, await listen(t, proxy), STAYS)
  const database = new Database(pool, Fastify().log, { ...limits, cancel: 100 })
  await pidOf(database)
  proxy.close()
  await t.rejects(async () => await database.run('SELECT pg_sleep(60)'), noAnswer)
  await until(() => pool.totalCount === 0)
  t.pass()
  await database.close()
})

test('what fails in telling of a late answer ends nothing but the connection', async (t) => {
  const { plain, released } = openPlain(t)
  const database = new Database(plain, Fastify().log, limits)
  const { text, open } = await openGate(t)
  const onLate = () => { throw new Error('as it was told') }
  await t.rejects(async () => await database.run(text, [], { onLate }), noAnswer)
  await open()
  await until(() => released.length === 1)
  t.same(released, [true])
  await database.close()
})

/** What pg's client has and its types do not show. */
interface Inner {
  readonly connection: { readonly constructor: new (config: object) => object }
}

for (const part of ['constructor', 'cancel']) {
  test(`if pg's own ${part} is not what it was, nothing ends but the connection`, async (t) => {
    const pool = openPool(t, url, STAYS)
    pool.on('connect', (client) => {
      const { connection } = client as unknown as Inner // as pg has it
      const { constructor: Connection } = connection
      class Changed extends Connection {
        constructor (config: object) {
          if (part === 'constructor') throw new Error('another pg')
          super(config)
        }

        cancel () {
          throw new Error('another pg')
        }
      }
      Object.assign(connection, { constructor: Changed })
    })
    const database = new Database(pool, Fastify().log, { ...limits, cancel: 100 })
    await t.rejects(async () => await database.run('SELECT pg_sleep(60)'), noAnswer)
    await until(() => pool.totalCount === 0)
    t.pass()
    await database.close()
  })
}

test('what is asked on a connection in use is cancelled, too, and nothing else is asked on it', async (t) => {
  const pool = openPool(t, url, { ...STAYS, application_name: 'in use' })
  const database = new Database(pool, Fastify().log, limits)
  await t.rejects(async () => {
    await database.use(async (client) => {
      await t.rejects(query(client, 'SELECT pg_sleep(60)', [], 100), noAnswer)
      await query(client, 'ROLLBACK')
    })
  }, { message: 'its connection waits for the answer to another statement' })
  await until(async () => (await admin.query("SELECT FROM pg_stat_activity WHERE application_name = 'in use'")).rowCount === 0)
  t.equal(pool.totalCount, 0)
  await database.close()
})

test('a statement is cancelled through a Unix socket, too', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'oneroute-socket-'))
  chmodSync(directory, 0o777) // the server may run as another user
  t.teardown(() => { rmSync(directory, { recursive: true, force: true }) })
  const local = await PostgresServer.create(t, ['-k', directory])
  await cancels(t, openPool(t, `${local.url}?host=${directory}`, { max: 1 }))
})

function passOn (client: Socket): void {
  const there = connect(server.port, '127.0.0.1')
  for (const end of [client, there]) end.on('error', () => {})
  client.pipe(there).pipe(client)
}

/** It speaks TLS when it is asked to. */
const asked = () => createServer((socket) => {
  socket.once('data', () => {
    socket.write('S')
    passOn(new TLSSocket(socket, { isServer: true, ...certificate }))
  })
})
const direct = () => createTlsServer({ ...certificate, ALPNProtocols: ['postgresql'] }, passOn)

for (const [sslnegotiation, open] of [['postgres', asked], ['direct', direct]] as const) {
  test(`a statement is cancelled by TLS, too (${sslnegotiation})`, async (t) => {
    await cancels(t, openPool(t, await listen(t, open()), { ssl: { ca: certificate.cert }, sslnegotiation, max: 1 }))
  })
}

/** What is asked of this pool and takes too long is ended by the server, on the same connection. */
async function cancels (t: Test, pool: pg.Pool): Promise<void> {
  const database = new Database(pool, Fastify().log, limits)
  const before = await pidOf(database)
  await t.rejects(async () => await database.run('SELECT pg_sleep(60)'), noAnswer)
  t.equal(await pidOf(database), before)
  await database.close()
}
