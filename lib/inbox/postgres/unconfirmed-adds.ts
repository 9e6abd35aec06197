// Only PostgreSQL: a connection can be lost between a commit and its answer.
import type { FastifyBaseLogger } from 'fastify'
import { ignore } from '../../errors/error-of.ts'
import type { Database } from './database.ts'
import { quoted } from './identifiers.ts'
import { idBytes, idOf } from './ids.ts'

interface Limits {
  /** Before the first look, and between two, in milliseconds. */
  readonly every: number
  /** The server may still be at work for so long after the connection was lost, as it waits for locks. */
  readonly uncertain: number
  /** Events that are remembered. */
  readonly most: number
}
const LIMITS: Limits = { every: 2_000, uncertain: 30_000, most: 10_000 }

interface Parts {
  readonly database: Database
  readonly schema: string
  readonly log: Pick<FastifyBaseLogger, 'warn'>
  /** Events have been stored that can be delivered. */
  readonly onAdded: () => void
}

/**
 * Events that were answered 503 because the connection was lost before the server had answered: nobody knows whether they are stored. The
 * server is asked once it answers again.
 */
export class UnconfirmedAdds {
  readonly #parts: Parts
  readonly #limits: Limits
  /** Their ids, and when the connection was lost. */
  readonly #lostAt = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #closed = false

  constructor (parts: Parts, limits = LIMITS) {
    this.#parts = parts
    this.#limits = limits
  }

  remember (ids: readonly string[]): void {
    const now = performance.now()
    for (const id of ids) {
      this.#lostAt.delete(id) // it comes last
      this.#lostAt.set(id, now)
    }
    for (const id of this.#lostAt.keys()) {
      if (this.#lostAt.size <= this.#limits.most) break
      this.#lostAt.delete(id)
    }
    this.#later()
  }

  /** They came in again, and this time there was an answer. */
  forget (ids: readonly string[]): void {
    for (const id of ids) this.#lostAt.delete(id)
  }

  async close (): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#looking
  }

  #later (): void {
    if (this.#closed || this.#timer !== undefined || this.#lostAt.size === 0) return
    this.#timer = setTimeout(() => {
      // It is asked until it answers.
      this.#looking = this.#look().catch(ignore).finally(() => {
        this.#timer = undefined
        this.#later()
      })
    }, this.#limits.every)
    this.#timer.unref()
  }

  async #look (): Promise<void> {
    const { database, schema } = this.#parts
    const begun = performance.now()
    const ids = [...this.#lostAt.keys()]
    const rows = await database.run(`SELECT id FROM ${quoted(schema)}.numbers($1)`, [ids.map(idBytes)])
    const stored = new Set(rows.map(({ id }) => idOf(id)))
    const webhooks = ids.filter((id) => stored.has(id) && this.#lostAt.has(id))
    for (const [id, lostAt] of this.#lostAt) if (stored.has(id) || lostAt < begun - this.#limits.uncertain) this.#lostAt.delete(id)
    tellOfStored(webhooks, this.#parts)
  }
}

/** Whoever sent them was told that they are not stored. */
export function tellOfStored (webhooks: readonly string[], { log, onAdded }: Pick<Parts, 'log' | 'onAdded'>): void {
  if (webhooks.length === 0) return
  log.warn({ webhooks }, 'events that were answered 503 are stored after all: they are delivered, and a repeat is known')
  onAdded()
}
