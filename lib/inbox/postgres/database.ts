import { hash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { fateOf } from './fate.ts'
import type { PostgresClient, PostgresPool } from './pool.ts'

/** Before there is no connection to be had, in milliseconds. */
const CONNECT_TIMEOUT = 5_000
/** Before a server that does not answer is given up, in milliseconds. */
const QUERY_TIMEOUT = 15_000
/** As long a time as a timer takes. */
export const UNLIMITED = 2_147_483_647
/** How often a statement is tried at most. */
const ATTEMPTS = 40
/** Before the second attempt at most, in milliseconds; then twice that, and so on up to the longest. */
const RETRY_AFTER = { least: 4, most: 128 } as const

/** The values as the server has sent them: what the app has told pg to make of some types is not for us. */
const types = { getTypeParser: () => String }

export type Row = Readonly<Record<string, string | null>>

/** A statement that a connection prepares when it first runs it. */
export class Statement {
  readonly text: string
  /** The same text has the same name, and no other: the app, or another inbox, may use the same connections. */
  readonly name: string

  constructor (text: string) {
    this.text = text
    this.name = `oneroute_${hash('sha256', text, 'base64url').slice(0, 20)}`
  }
}

/** Runs statements on connections of a pool, none of which it keeps. */
export class Database {
  readonly #pool: PostgresPool
  readonly #log: Pick<FastifyBaseLogger, 'debug'>
  /** Without a listener, the error of a connection that nobody uses would end the process. */
  readonly #onError = (err: Error) => { this.#log.debug({ err }, 'a connection to PostgreSQL was lost') }

  /**
   * A pool takes its own listener off before whoever waits for the connection can add one. What has come together with the last word of
   * the server's greeting is read before that: an error among it would end the process.
   */
  readonly #onAcquire = (client: PostgresClient) => {
    client.on('error', this.#onError)
    process.nextTick(() => { client.removeListener('error', this.#onError) })
  }

  constructor (pool: PostgresPool, log: Pick<FastifyBaseLogger, 'debug'>) {
    this.#pool = pool
    this.#log = log
    pool.on('error', this.#onError)
    pool.on('acquire', this.#onAcquire)
  }

  /**
   * Runs a statement, and again if others got in its way. Also if its connection was cut, when the server may have run it: but for
   * what does not bear that.
   */
  async run (statement: Statement | string, values: unknown[] = [], { unlessCut = false } = {}): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.use(async (client) => await query(client, statement, values))
      } catch (error) {
        const { again, lost } = fateOf(error)
        if (attempt === ATTEMPTS || !again || (lost && unlessCut)) throw error
        await wait(Math.min(RETRY_AFTER.least * 2 ** (attempt - 1), RETRY_AFTER.most) * Math.random())
      }
    }
  }

  /** For a statement that returns one row, whatever happens. */
  async one (statement: Statement | string, values: unknown[] = []): Promise<Row> {
    const [row] = await this.run(statement, values)
    return row as Row // as said
  }

  /** With a connection, which is closed afterwards if nothing good is to be expected of it. */
  async use<T> (work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const client = await this.connect()
    return await work(client).then((result) => {
      this.release(client)
      return result
    }, (error: unknown) => {
      this.release(client, fateOf(error).lost)
      throw error
    })
  }

  /** To be given back with `release`. */
  async connect (): Promise<PostgresClient> {
    let late = false
    const { promise, resolve, reject } = Promise.withResolvers<PostgresClient>()
    const timeout = setTimeout(() => {
      late = true
      reject(new Error(`no connection to PostgreSQL within ${CONNECT_TIMEOUT} ms`))
    }, CONNECT_TIMEOUT)
    this.#pool.connect().then((client) => {
      if (late) client.release() // nobody waits for it any more
      else resolve(client)
    }, reject)
    const client = await promise.finally(() => { clearTimeout(timeout) })
    client.on('error', this.#onError)
    return client
  }

  release (client: PostgresClient, error?: Error | boolean): void {
    // One that is closed may still fail, and nobody else would listen.
    if (error === undefined || error === false) client.removeListener('error', this.#onError)
    client.release(error)
  }

  close (): void {
    this.#pool.removeListener('error', this.#onError)
    this.#pool.removeListener('acquire', this.#onAcquire)
  }
}

/** After so many milliseconds there is no answer, whatever becomes of the statement. */
export async function query (client: PostgresClient, statement: Statement | string, values: unknown[] = [], timeout = QUERY_TIMEOUT): Promise<Row[]> {
  const { text, name } = typeof statement === 'string' ? { text: statement } : statement
  const { rows } = await client.query({ text, ...name !== undefined && { name }, values, types, query_timeout: timeout })
  return rows as Row[] // as `types` makes them
}
