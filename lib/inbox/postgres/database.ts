// Only PostgreSQL: connections break, and others get in the way. SQLite has one connection, which its store uses itself.
import type { FastifyBaseLogger } from 'fastify'
import { ClosingError } from '../../errors/errors.ts'
import { endStatement } from './end-statement.ts'
import { errorKindOf, isUnprepared } from './error-kind.ts'
import type { PostgresClient, PostgresPool } from './pool.ts'
import { NoAnswer, nothing, query, unanswered } from './query.ts'
import type { Row, RunOptions, Statement, Unanswered } from './query.ts'
import { TIMEOUTS } from './timeouts.ts'
import type { Timeouts } from './timeouts.ts'

/** How often a statement is tried at most. */
const ATTEMPTS = 40
/** Before the second attempt at most, in milliseconds; then twice that, and so on up to the longest. */
const RETRY_AFTER = { least: 4, most: 128 } as const

type Log = Pick<FastifyBaseLogger, 'debug' | 'info'>

/** Runs statements on connections of a pool, none of which it keeps. */
export class Database {
  readonly #pool: PostgresPool
  readonly #log: Log
  readonly #limits: Timeouts
  /** Whether statements are prepared under their names. */
  #prepares = true
  /** Those who wait no longer once it closes. */
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

  constructor (pool: PostgresPool, log: Log, limits: Partial<Timeouts> = {}) {
    this.#pool = pool
    this.#log = log
    this.#limits = { ...TIMEOUTS, ...limits }
    pool.on('error', this.#onError)
    pool.on('acquire', this.#onAcquire)
  }

  /**
   * Runs a statement, and again if others got in its way. Also if its connection was cut, when the server may have run it: but for
   * what does not bear that.
   */
  async run (statement: Statement | string, values: unknown[] = [], options: RunOptions = {}): Promise<Row[]> {
    return await this.#run(statement, values, options, 1)
  }

  /** For a statement that returns one row, whatever happens. */
  async one (statement: Statement | string, values: unknown[] = [], options: RunOptions = {}): Promise<Row> {
    const [row = {}] = await this.run(statement, values, options)
    return row
  }

  /** With a connection, for as long as it takes. It is closed afterwards if nothing good is to be expected of it. */
  async use<T> (work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const client = await this.connect()
    return await work(client).then((result) => {
      this.release(client)
      return result
    }, (error: unknown) => {
      this.release(client, errorKindOf(error).lost)
      throw error
    })
  }

  /** To be given back with `release`. */
  async connect (): Promise<PostgresClient> {
    if (this.#closed !== undefined) throw new ClosingError()
    return await this.#acquire(this.#limits.connect)
  }

  async #acquire (limit: number): Promise<PostgresClient> {
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
    const timeout = setTimeout(() => { giveUp(new Error(`no connection to PostgreSQL within ${limit} ms`)) }, limit)
    const client = await promise.finally(() => {
      clearTimeout(timeout)
      this.#waiting.delete(giveUp)
    })
    this.#used++
    client.on('error', this.#onError)
    return client
  }

  /** If a statement on it was given up, it is first seen to that the server ends it. */
  release (client: PostgresClient, error?: Error | boolean): void {
    const statement = unanswered.get(client)
    if (statement === undefined) this.#giveBack(client, error)
    else void this.#end(client, statement, error)
  }

  #giveBack (client: PostgresClient, error?: Error | boolean): void {
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

  /** Not a loop: V8 sees a branch at the end of one that has none. */
  async #run (statement: Statement | string, values: unknown[], options: RunOptions, attempt: number): Promise<Row[]> {
    try {
      return await this.#runOnce(statement, values, options)
    } catch (error) {
      const { again, lost } = errorKindOf(error)
      const isUnknown = isUnprepared(error)
      if (attempt === ATTEMPTS || !(isUnknown || (again && !(lost && options.unlessCut === true)))) throw error
      if (isUnknown) this.#prepareNoMore(error)
      else await this.#pause(Math.min(RETRY_AFTER.least * 2 ** (attempt - 1), RETRY_AFTER.most) * Math.random())
    }
    return await this.#run(statement, values, options, attempt + 1)
  }

  /** Rejects as soon as this closes. */
  async #pause (delay: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(resolve, delay, true)
    await this.#unlessClosed(promise).finally(() => { clearTimeout(timer) })
  }

  async #runOnce (statement: Statement | string, values: unknown[], { timeout = this.#limits.answer, onLate, onLost = nothing }: RunOptions): Promise<Row[]> {
    const client = await this.connect()
    try {
      const rows = await query(client, this.#prepares || typeof statement === 'string' ? statement : statement.text, values, timeout, { onLate, onLost })
      this.release(client)
      return rows
    } catch (error) {
      const isLost = !(error instanceof NoAnswer) && errorKindOf(error).lost
      if (isLost) onLost()
      this.release(client, isLost)
      throw error
    }
  }

  /**
   * Of a statement that nobody waits for any more. While the server is at it, closing its connection would only hide that: the server
   * would have one more of them for each such statement.
   */
  async #end (client: PostgresClient, statement: Unanswered, error?: Error | boolean): Promise<void> {
    const parts = { limits: this.#limits, run: this.#runBeside, unlessClosed: this.#unlessClosed }
    const isGood = await endStatement(client, statement, parts).catch(() => false) // such as by what is pg's own, and has changed
    unanswered.delete(client)
    if (!isGood) statement.onLost()
    this.#giveBack(client, isGood ? error : true)
  }

  readonly #unlessClosed = async (ending: Promise<boolean>): Promise<boolean> => {
    if (this.#closed !== undefined) throw new ClosingError()
    const { promise: closed, reject } = Promise.withResolvers<never>()
    this.#waiting.add(reject)
    return await Promise.race([ending, closed]).finally(() => { this.#waiting.delete(reject) })
  }

  /** On one more connection, to end what another is at: also while this closes, which waits for that. */
  readonly #runBeside = async (text: string, values: unknown[], limit: number): Promise<Row[]> => {
    const client = await this.#acquire(limit)
    return await query(client, text, values, limit).then((rows) => {
      this.#giveBack(client)
      return rows
    }, (error: unknown) => {
      this.#giveBack(client, errorKindOf(error).lost)
      throw error
    })
  }

  #prepareNoMore (err: unknown): void {
    if (this.#prepares) this.#log.info({ err }, 'prepared statements do not last here, as behind an older PgBouncer: it goes on without them')
    this.#prepares = false
  }
}
