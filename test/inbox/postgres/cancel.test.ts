import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { until } from '../../faults/helpers/until.ts'
import { certificate } from '../../helpers/certificate.ts'
import { openPool, plainPool, PostgresServer } from '../../helpers/postgres.ts'

const server = await PostgresServer.create(tap)
const { url } = server
const limits = { connect: 5_000, answer: 100, cancel: 5_000 }
const noAnswer = { message: /no answer from PostgreSQL within 100 ms/ }

async function pidOf (database: Database): Promise<string | null | undefined> {
  return (await database.one('SELECT pg_backend_pid() AS pid')).pid
}

/** Returns the address by which the database is found through a proxy. */
async function listen (t: Test, proxy: Server): Promise<string> {
  await new Promise<void>((resolve) => { proxy.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { proxy.close() })
  const there = new URL(url)
  there.port = String((proxy.address() as AddressInfo).port) // it listens on a port
  return there.href
}

/** The address of a server that nothing is heard of while it is mute. */
async function openMute (t: Test, isMute: () => boolean): Promise<string> {
  const proxy = createServer((client) => {
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
  const pool = openPool(t, await openMute(t, () => isMute), { max: 1 })
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

test('a connection that cannot be cancelled is closed', async (t) => {
  const closed: unknown[] = []
  const pool = plainPool(openPool(t, url), (error) => { closed.push(error) })
  const database = new Database(pool, Fastify().log, { ...limits, cancel: 100 })
  await t.rejects(async () => await database.run('SELECT pg_sleep(60)'), noAnswer)
  await until(() => closed.length === 1)
  t.same(closed, [true])
  await database.close()
})

test('a statement is cancelled through a Unix socket, too', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'oneroute-socket-'))
  chmodSync(directory, 0o777) // the server may run as another user
  t.teardown(() => { rmSync(directory, { recursive: true, force: true }) })
  const local = await PostgresServer.create(t, ['-k', directory])
  await cancels(t, openPool(t, `${local.url}?host=${directory}`, { max: 1 }))
})

function passOn (secure: TLSSocket): void {
  const there = connect(server.port, '127.0.0.1')
  for (const end of [secure, there]) end.on('error', () => {})
  secure.pipe(there).pipe(secure)
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
