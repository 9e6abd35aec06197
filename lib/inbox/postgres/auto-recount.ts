// Only PostgreSQL: an operator may delete rows there by hand, and then the counts are wrong.
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from './database.ts'
import { isRight, recount } from './recount.ts'

/** Between two of them, in milliseconds, and at least so many times as long as one takes. */
const EVERY = { least: 60_000, times: 100 } as const

interface Parts {
  readonly database: Database
  readonly schema: string
  readonly log: Pick<FastifyBaseLogger, 'warn'>
  /** Something may be due that was not come upon before. */
  readonly onCorrected: () => void
}

/** Counts again when the counts cannot be right, beside all else, and seldom: a full backlog most often is one. */
export class AutoRecount {
  readonly #parts: Parts
  #notBefore = 0
  #counting: Promise<void> | undefined
  #closed = false

  constructor (parts: Parts) {
    this.#parts = parts
  }

  /** To be called when the counts may be wrong. */
  recountSoon (): void {
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
      const recounted = await recount(schema, async (statement) => await database.one(statement))
      if (isRight(recounted)) return
      log.warn({ ...recounted }, 'the counts of the inbox were wrong, and have been put right: were rows deleted by hand?')
      onCorrected()
    } catch (err) {
      log.warn({ err }, 'the events of the inbox could not be counted again: `inbox recount` has the time that it takes')
    }
  }
}
