// Only PostgreSQL: it keeps the old versions of rows while anybody may see them. SQLite has none.
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from './database.ts'
import { quoted } from './identifiers.ts'

/** How often it may be time for a new epoch while the server cannot clear away what is dead, in milliseconds. */
const EVERY = 1_000
/** How many of those pass by while it can, or after it did not succeed: it is some milliseconds in which nobody does anything else. */
const SELDOM = 3
/** How long it may take, in milliseconds. */
const TIMEOUT = 2_000

interface Parts {
  readonly database: Database
  readonly schema: string
  readonly log: Pick<FastifyBaseLogger, 'debug'>
  /** Whether somebody has an old snapshot. */
  readonly isBlocked: () => boolean
}

/**
 * Sees to it that what is alive of lanes and counts is near the end of their indexes, and not behind all that is dead. Every process that
 * delivers does; the first one has done it for all.
 */
export class Epochs {
  readonly #parts: Parts
  #timer: NodeJS.Timeout | undefined
  #ticks = 0
  #goesWell = true
  #rotating: Promise<void> | undefined

  constructor (parts: Parts) {
    this.#parts = parts
  }

  /** From the first claim on. */
  start (): void {
    this.#timer ??= setInterval(() => { this.#tick() }, EVERY)
  }

  async close (): Promise<void> {
    clearInterval(this.#timer)
    await this.#rotating
  }

  #tick (): void {
    if (++this.#ticks < SELDOM && !(this.#goesWell && this.#parts.isBlocked())) return
    this.#ticks = 0
    this.#rotating ??= this.#rotate().finally(() => { this.#rotating = undefined })
  }

  /** If it cannot be, nothing is wrong but that looks take longer. */
  async #rotate (): Promise<void> {
    const { database, schema, log } = this.#parts
    this.#goesWell = await database.run(`SELECT ${quoted(schema)}.rotate()`, [], { timeout: TIMEOUT }).then(() => true, (err: unknown) => {
      log.debug({ err }, 'no new epoch has begun')
      return false
    })
  }
}
