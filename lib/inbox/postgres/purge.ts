import type { FastifyBaseLogger } from 'fastify'
import type { Database } from './database.ts'
import { quoted } from './identifiers.ts'
import { Statement } from './query.ts'
import type { Row } from './query.ts'

/** Between two looks for what is old enough, in milliseconds: no need to be more exact than a hundredth of what they stay. */
const EVERY = { least: 1_000, most: 60_000, part: 1 / 100 } as const
/** Events removed at once, of those that were done and of those that were not. */
const BATCH = 1_000

interface Parts {
  readonly database: Database
  readonly schema: string
  readonly log: FastifyBaseLogger
  /** Milliseconds that a done event stays. */
  readonly keep: number
  /** Milliseconds that a dead or invalid one stays. */
  readonly keepFailed: number
}

/** Removes what has been finished for long enough, now and again. Every process does: what one of them has in hand, others pass over. */
export class Purge {
  readonly #parts: Parts
  readonly #statement: Statement
  #next: NodeJS.Timeout | undefined
  #pass: Promise<void> | undefined
  #closed = false

  constructor (parts: Parts) {
    this.#parts = parts
    this.#statement = new Statement(`SELECT * FROM ${quoted(parts.schema)}.purge($1, $2, $3, $4)`)
    this.#later()
  }

  async close (): Promise<void> {
    this.#closed = true
    clearTimeout(this.#next)
    await this.#pass
  }

  #later (): void {
    const { keep, keepFailed } = this.#parts
    const every = Math.min(EVERY.most, Math.max(EVERY.least, Math.min(keep, keepFailed) * EVERY.part))
    // Not all processes at the same time.
    this.#next = setTimeout(() => { this.#pass = this.#run() }, every * (0.5 + Math.random()))
  }

  async #run (): Promise<void> {
    const { database, log, keep, keepFailed } = this.#parts
    try {
      let from: string | null = null
      for (let removed = BATCH; removed >= BATCH && !this.#closed;) {
        const row: Row = await database.one(this.#statement, [keep, keepFailed, BATCH, from])
        removed = Number(row.count)
        from = row.last ?? from
      }
    } catch (err) {
      log.warn({ err }, 'old events could not be removed: it is tried again')
    }
    if (!this.#closed) this.#later()
  }
}
