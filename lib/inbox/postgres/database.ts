import { hash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { ClosingError } from '../../errors.ts'
import { cancel } from './cancel.ts'
import { fateOf, isUnprepared } from './fate.ts'
import { LIMITS, NoAnswer, within } from './limits.ts'
import type { Limits } from './limits.ts'
import type { PostgresClient, PostgresPool } from './pool.ts'
import type { RunOptions } from './run-options.ts'

/** As long a time as a timer takes, in milliseconds. pg would take 0 for the pool's own timeout. */
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

type Log = Pick<FastifyBaseLogger, 'debug' | 'info'>

/** Runs statements on connections of a pool, none of which it keeps. */
export class Database {
  readonly #pool: PostgresPool
  readonly #log: Log
  readonly #limits: Limits
  /** Whether statements are prepared under their names. */
  #prepares = true
  /** Those who wait for a connection. */
  readonly #waiting = new Set<(error: Error) => void>()
  /** Connections in use. */
  #used = 0
  #closed: PromiseWithResolvers<undefined> | undefined
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

  constructor (pool: PostgresPool, log: Log, limits: Limits = LIMITS) {
    this.#pool = pool
    this.#log = log
    this.#limits = limits
    pool.on('error', this.#onError)
    pool.on('acquire', this.#onAcquire)
  }

  /**
   * Runs a statement, and again if others got in its way. Also if its connection was cut, when the server may have run it: but for
   * what does not bear that.
   */
  async run (statement: Statement | string, values: unknown[] = [], options: RunOptions = {}): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      const prepared = this.#prepares && typeof statement !== 'string'
      try {
        return await this.#runOnce(prepared || typeof statement === 'string' ? statement : statement.text, values, options)
      } catch (error) {
        if (prepared && isUnprepared(error)) {
          this.#prepareNoMore(error)
          continue
        }
        const { again, lost } = fateOf(error)
        if (attempt === ATTEMPTS || !again || (lost && options.unlessCut === true)) throw error
        await wait(Math.min(RETRY_AFTER.least * 2 ** (attempt - 1), RETRY_AFTER.most) * Math.random())
      }
    }
  }

  /** For a statement that returns one row, whatever happens. */
  async one (statement: Statement | string, values: unknown[] = [], options: RunOptions = {}): Promise<Row> {
    const [row] = await this.run(statement, values, options)
    return row as Row // as said
  }

  /** With a connection, for as long as it takes. It is closed afterwards if nothing good is to be expected of it. */
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
    if (this.#closed !== undefined) throw new ClosingError()
    let late = false
    const { promise, resolve, reject } = Promise.withResolvers<PostgresClient>()
    const giveUp = (error: Error) => {
      late = true
      reject(error)
    }
    this.#waiting.add(giveUp)
    this.#pool.connect().then((client) => {
      if (late) client.release() // nobody waits for it any more
      else resolve(client)
    }, reject)
    const { connect } = this.#limits
    const timeout = setTimeout(() => { giveUp(new Error(`no connection to PostgreSQL within ${connect} ms`)) }, connect)
    const client = await promise.finally(() => {
      clearTimeout(timeout)
      this.#waiting.delete(giveUp)
    })
    this.#used++
    client.on('error', this.#onError)
    return client
  }

  release (client: PostgresClient, error?: Error | boolean): void {
    // One that is closed may still fail, and nobody else would listen.
    if (error === undefined || error === false) client.removeListener('error', this.#onError)
    client.release(error)
    if (--this.#used === 0) this.#closed?.resolve(undefined)
  }

  /** What is under way ends. Whoever waits for a connection, or asks for one from now on, learns that it is closing. */
  async close (): Promise<void> {
    this.#closed = Promise.withResolvers()
    for (const giveUp of this.#waiting) giveUp(new ClosingError())
    if (this.#used > 0) await this.#closed.promise
    this.#pool.removeListener('error', this.#onError)
    this.#pool.removeListener('acquire', this.#onAcquire)
  }

  async #runOnce (statement: Statement | string, values: unknown[], { timeout = this.#limits.answer, onLate, onLost }: RunOptions): Promise<Row[]> {
    const client = await this.connect()
    const answer = query(client, statement, values, UNLIMITED)
    const fail = (error: unknown) => {
      const { lost } = fateOf(error)
      if (lost) onLost?.()
      this.release(client, lost)
    }
    try {
      const rows = await within(answer, timeout, () => new NoAnswer(`no answer from PostgreSQL within ${timeout} ms`))
      this.release(client)
      return rows
    } catch (error) {
      if (error instanceof NoAnswer) void this.#end(client, answer, fail, onLate)
      else fail(error)
      throw error
    }
  }

  /**
   * Of a statement that nobody waits for any more. While the server is at it, closing its connection would only hide that: the server
   * would have one more of them for each such statement.
   */
  async #end (client: PostgresClient, answer: Promise<Row[]>, fail: (error: unknown) => void, onLate?: (rows: Row[]) => void): Promise<void> {
    const { cancel: limit } = this.#limits
    await cancel(client, limit)
    await within(answer, limit, () => new NoAnswer()).then((rows) => {
      onLate?.(rows)
      this.release(client)
    }, fail)
  }

  #prepareNoMore (err: unknown): void {
    if (this.#prepares) this.#log.info({ err }, 'prepared statements do not last here, as behind an older PgBouncer: it goes on without them')
    this.#prepares = false
  }
}

/** After so many milliseconds there is no answer, whatever becomes of the statement. */
export async function query (client: PostgresClient, statement: Statement | string, values: unknown[] = [], timeout = LIMITS.answer): Promise<Row[]> {
  const { text, name } = typeof statement === 'string' ? { text: statement } : statement
  const { rows } = await client.query({ text, ...name !== undefined && { name }, values, types, query_timeout: timeout })
  return rows as Row[] // as `types` makes them
}
