import type { FastifyBaseLogger } from 'fastify'
import type { Database, Row, RunOptions } from './database.ts'
import { quoted } from './names.ts'

/** Between two of them, in milliseconds, and at least so many times as long as one takes. */
const EVERY = { least: 60_000, times: 100 } as const

/** What was wrong in the database. Nothing was if all of it is 0. */
export interface Recounted {
  /** By how much each count has changed. */
  readonly pending: number
  readonly done: number
  readonly dead: number
  readonly invalid: number
  /** Rows of events that are gone: they were removed. */
  readonly removed: number
  /** Events of which nothing said what had become of them: they are dead now. */
  readonly stateless: number
  /** Lanes whose pending events nobody would have come upon. */
  readonly lanes: number
}

/** Puts the counts right, and what else an operator may have put wrong by hand. */
export async function recount (database: Database, schema: string, options: RunOptions = {}): Promise<Recounted> {
  const { pending, done, dead, invalid, removed, stateless, lanes } = await database.one(`SELECT * FROM ${quoted(schema)}.recount()`, [], options)
  return {
    pending: Number(pending),
    done: Number(done),
    dead: Number(dead),
    invalid: Number(invalid),
    removed: Number(removed),
    stateless: Number(stateless),
    lanes: Number(lanes)
  }
}

export function isRight (recounted: Recounted): boolean {
  return Object.values(recounted).every((count) => count === 0)
}

/** Whether what `stats` has read can be right, as far as one sees without counting: what is pending has a body. */
export function mayBeRight ({ pending, failing, done, dead, invalid, oldest, oldest_seq: seq }: Row): boolean {
  const isPending = Number(pending) > 0
  return [pending, done, dead, invalid].every((count) => Number(count) >= 0) && Number(failing) <= Number(pending) &&
    isPending === (seq !== null) && isPending === (oldest !== null)
}

interface Parts {
  readonly database: Database
  readonly schema: string
  readonly log: Pick<FastifyBaseLogger, 'warn'>
  /** Something may be due that was not come upon before. */
  readonly onCorrected: () => void
}

/** Counts again when the counts cannot be right, beside all else, and seldom: a full backlog most often is one. */
export class Recounts {
  readonly #parts: Parts
  #notBefore = 0
  #counting: Promise<void> | undefined
  #closed = false

  constructor (parts: Parts) {
    this.#parts = parts
  }

  /** The counts may be wrong. */
  doubt (): void {
    if (this.#closed || this.#counting !== undefined || performance.now() < this.#notBefore) return
    const begun = performance.now()
    this.#counting = this.#count().finally(() => {
      const now = performance.now()
      this.#notBefore = now + Math.max(EVERY.least, (now - begun) * EVERY.times)
      this.#counting = undefined
    })
  }

  async close (): Promise<void> {
    this.#closed = true
    await this.#counting
  }

  async #count (): Promise<void> {
    const { database, schema, log, onCorrected } = this.#parts
    try {
      const recounted = await recount(database, schema)
      if (isRight(recounted)) return
      log.warn({ ...recounted }, 'the counts of the inbox were wrong, and have been put right: were rows deleted by hand?')
      onCorrected()
    } catch (err) {
      log.warn({ err }, 'the events of the inbox could not be counted again: `inbox recount` has the time that it takes')
    }
  }
}
