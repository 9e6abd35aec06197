import '../../errors/check-node.ts'
import { ClosingError, InboxLockedError } from '../../errors/errors.ts'
import { batches } from '../batches.ts'
import { CHANGED_AT_ONCE } from '../find.ts'
import type { Awaitable, Claim, FindOptions, Found, Inbox, InboxHost, InboxStats, PageOptions, NewEvent, Outcome, ReplayOptions, StoredEvent } from '../inbox.ts'
import { inboxStats, storedEvent } from '../sql/rows.ts'
import { Finder } from './finder.ts'
import { GroupCommit } from './group-commit.ts'
import type { Results } from './messages.ts'
import { resolveSqliteOptions } from './options.ts'
import type { SqliteInboxOptions } from './options.ts'

class SqliteInbox implements Inbox {
  readonly durable = true
  readonly collects = true
  isRecovering = false
  readonly #options: ReturnType<typeof resolveSqliteOptions>
  #commits: GroupCommit | undefined
  #finder: Finder

  constructor (options: SqliteInboxOptions) {
    this.#options = resolveSqliteOptions(options)
    this.#finder = new Finder(this.#options.path)
  }

  async open (host: InboxHost): Promise<void> {
    if (this.#commits !== undefined) throw new InboxLockedError(this.#options.path, 0)
    const commits = this.#commits = new GroupCommit({ ...this.#options, host })
    try {
      this.isRecovering = await commits.open()
    } catch (error) {
      this.#commits = undefined
      throw error
    }
  }

  add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    return this.#whenOpen().add(event)
  }

  claim (lanes: number): Awaitable<readonly Claim[]> {
    return this.#commits?.claim(lanes) ?? []
  }

  settle (claim: Claim, outcomes: readonly Outcome[], dueAt?: number): void {
    this.#commits?.settle(claim, outcomes, dueAt)
  }

  async stats (): Promise<InboxStats> {
    return inboxStats(await this.#whenOpen().call({ method: 'stats' }))
  }

  async list (options: PageOptions = {}): Promise<StoredEvent[]> {
    const rows = await this.#whenOpen().call({ method: 'list', options })
    return rows.map(storedEvent)
  }

  async find (options: FindOptions): Promise<Found> {
    const commits = this.#whenOpen()
    const finder = this.#finder // that of the next opening would start a thread that nobody ends
    if (options.before === undefined) await commits.flushed() // not before each part: it would wait for a transaction again
    const { rows, ...found } = await finder.find(options)
    return { ...found, events: rows.map(storedEvent) }
  }

  async get (id: string): Promise<StoredEvent | undefined> {
    const row = await this.#whenOpen().call({ method: 'get', id })
    return row && storedEvent(row)
  }

  async replay (ids: readonly string[], { all = false }: ReplayOptions = {}): Promise<number> {
    let count = 0
    for (const part of batches(await this.#inOrder(ids), CHANGED_AT_ONCE)) count += await this.#whenOpen().changes.replay(part, all)
    return count
  }

  /** One batch is put in order as it is replayed: of several, the first must not have what comes before the second. */
  async #inOrder (ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length <= CHANGED_AT_ONCE) return ids
    const found: Results['inOrder'] = []
    for (const part of batches(ids, CHANGED_AT_ONCE)) found.push(...await this.#whenOpen().call({ method: 'inOrder', ids: part }))
    return found.sort((a, b) => a.seq - b.seq).map(({ id }) => id)
  }

  async discard (ids: readonly string[]): Promise<number> {
    let count = 0
    for (const part of batches(ids, CHANGED_AT_ONCE)) count += await this.#whenOpen().changes.discard(part)
    return count
  }

  async forget (lane: string): Promise<number> {
    return await this.#whenOpen().changes.forget(lane)
  }

  async close (): Promise<void> {
    const commits = this.#commits
    this.#commits = undefined
    const finder = this.#finder
    this.#finder = new Finder(this.#options.path) // for when it is opened again
    await finder.close()
    await commits?.close()
  }

  #whenOpen (): GroupCommit {
    if (this.#commits === undefined) throw new ClosingError()
    return this.#commits
  }
}

/**
 * A durable inbox in a SQLite file, for one process: an event is on disk before it is answered 200, and is delivered again after a
 * crash until its listeners have succeeded or it is given up.
 */
export function sqliteInbox (options: SqliteInboxOptions): Inbox {
  return new SqliteInbox(options)
}

export type { SqliteInboxOptions } from './options.ts'
