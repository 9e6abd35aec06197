import { ClosingError, InboxLockedError } from '../errors.ts'
import type { Awaitable, Claim, Inbox, InboxHost, InboxStats, ListOptions, NewEvent, Outcome, ReplayOptions, StoredEvent } from './inbox.ts'
import { Exchange } from './sqlite/exchange.ts'
import { resolveSqliteOptions } from './sqlite/options.ts'
import type { SqliteInboxOptions } from './sqlite/options.ts'
import { inboxStats, storedEvent } from './rows.ts'

/** Replayed in one transaction: what is added in the meantime waits for it. */
const REPLAYED_AT_ONCE = 500

class SqliteInbox implements Inbox {
  readonly durable = true
  readonly #options: ReturnType<typeof resolveSqliteOptions>
  #exchange: Exchange | undefined

  constructor (options: SqliteInboxOptions) {
    this.#options = resolveSqliteOptions(options)
  }

  async open (host: InboxHost): Promise<void> {
    if (this.#exchange !== undefined) throw new InboxLockedError(this.#options.path)
    const exchange = this.#exchange = new Exchange({ ...this.#options, host })
    try {
      await exchange.open()
    } catch (error) {
      this.#exchange = undefined
      throw error
    }
  }

  add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    return this.#open().add(event)
  }

  claim (lanes: number): Awaitable<readonly Claim[]> {
    return this.#exchange?.claim(lanes) ?? []
  }

  settle (claim: Claim, outcomes: readonly Outcome[]): void {
    this.#exchange?.settle(claim, outcomes)
  }

  async stats (): Promise<InboxStats> {
    return inboxStats(await this.#open().call({ method: 'stats' }))
  }

  async list (options: ListOptions = {}): Promise<StoredEvent[]> {
    const rows = await this.#open().call({ method: 'list', options })
    return rows.map(storedEvent)
  }

  async get (id: string): Promise<StoredEvent | undefined> {
    const row = await this.#open().call({ method: 'get', id })
    return row && storedEvent(row)
  }

  async replay (ids: readonly string[], _options?: ReplayOptions): Promise<number> {
    let count = 0
    for (let i = 0; i < ids.length; i += REPLAYED_AT_ONCE) {
      count += await this.#open().replay({ method: 'replay', ids: ids.slice(i, i + REPLAYED_AT_ONCE) })
    }
    return count
  }

  async discard (_ids: readonly string[]): Promise<number> { return await Promise.reject(new ClosingError()) }
  async forget (_lane: string): Promise<number> { return await Promise.reject(new ClosingError()) }

  async close (): Promise<void> {
    const exchange = this.#exchange
    this.#exchange = undefined
    await exchange?.close()
  }

  #open (): Exchange {
    if (this.#exchange === undefined) throw new ClosingError()
    return this.#exchange
  }
}

/**
 * A durable inbox in a SQLite file, for one process: an event is on disk before it is answered 200, and is delivered again after a
 * crash until its listeners have succeeded or it is given up.
 */
export function sqliteInbox (options: SqliteInboxOptions): Inbox {
  return new SqliteInbox(options)
}

export type { SqliteInboxOptions } from './sqlite/options.ts'
