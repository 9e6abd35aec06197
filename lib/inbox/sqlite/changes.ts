// Only SQLite: what is changed may be in memory, too. With PostgreSQL, postgres/views.ts does it.
import { errorOf } from '../../errors/error-of.ts'
import { wellFormed } from '../sql/well-formed.ts'
import { unavailable } from '../unavailable.ts'
import type { Deliveries } from './deliveries.ts'
import type { CallOf, Method, PendingEvent, Results } from './messages.ts'
import { untilEmpty } from './store/write-ahead-log.ts'

interface Parts {
  readonly deliveries: Deliveries
  /** `apply` is called with the result before anything else happens. */
  ask<Asked extends Method> (call: CallOf<Asked>, apply?: (result: Results[Asked]) => void): Promise<Results[Asked]>
  /** Whether the log is empty then. */
  tidy (rewrite: boolean): Promise<boolean>
  /** Lanes may have become due, or have to be given back. */
  readonly soon: () => void
}

/** What somebody changes of events that are stored: the app, or another process. */
export class Changes {
  readonly #parts: Parts
  #isCarryingOut = false

  constructor (parts: Parts) {
    this.#parts = parts
  }

  async replay (ids: readonly string[], all: boolean): Promise<number> {
    const { count } = await this.#parts.ask({ method: 'replay', ids, all }, ({ lanes }) => { this.#markCheckedOut(lanes) })
    return count
  }

  async discard (ids: readonly string[]): Promise<number> {
    const { count } = await this.#parts.ask({ method: 'discard', ids }, ({ pending }) => { this.#discard(pending) })
    return count
  }

  async forget (given: string): Promise<number> {
    const lane = wellFormed(given) // as it is stored
    let sum = 0
    for (let from: number | null = 0; from !== null;) {
      const { count, after }: Results['forget'] = await this.#parts.ask({ method: 'forget', lane, after: from }, ({ pending }) => { this.#discard(pending) })
      sum += count
      from = after
    }
    let rewrite = true
    try {
      await untilEmpty(async () => {
        const isEmpty = await this.#parts.tidy(rewrite)
        rewrite = false
        return isEmpty
      })
    } catch (cause) {
      throw unavailable(cause)
    }
    return sum
  }

  /** The change requests of other processes, until there is none. What fails is tried again: the store tells again that there is one. */
  async carryOut (): Promise<void> {
    if (this.#isCarryingOut) return
    this.#isCarryingOut = true
    try {
      while (await this.#carryOutNext());
    } catch {
      // Whoever waits for it learns that it takes too long.
    } finally {
      this.#isCarryingOut = false
    }
  }

  async #carryOutNext (): Promise<boolean> {
    const { isMore, removed } = await this.#parts.ask({ method: 'carryOut' }, ({ lanes, pending }) => {
      this.#markCheckedOut(lanes)
      this.#discard(pending)
    })
    if (removed !== undefined) await this.#answer(removed)
    return isMore
  }

  /** The process that has requested it waits for the log, whoever is in the way there. */
  async #answer (removed: { request: number, count: number }): Promise<void> {
    try {
      await this.#parts.tidy(true)
      await this.#parts.ask({ method: 'answer', answer: removed })
    } catch (error) {
      await this.#parts.ask({ method: 'answer', answer: { request: removed.request, error: errorOf(error).message } })
    }
  }

  /** The store has checked them out, and gets them back once memory is through with them. */
  #markCheckedOut (lanes: readonly string[]): void {
    for (const lane of lanes) this.#parts.deliveries.markCheckedOut(lane)
    this.#parts.soon()
  }

  #discard (events: readonly PendingEvent[]): void {
    this.#parts.deliveries.discard(events)
    this.#parts.soon()
  }
}
