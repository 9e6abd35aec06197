import '../../errors/check-node.ts'
import { ClosingError, InboxUnusableError } from '../../errors/errors.ts'
import type { Claim, ClaimedEvent, FindOptions, Found, Inbox, InboxHost, InboxStats, PageOptions, NewEvent, Outcome, ReplayOptions, SqlStatement, StoredEvent } from '../inbox.ts'
import { unavailable } from '../unavailable.ts'
import { Adds } from './adds.ts'
import { AutoRecount } from './auto-recount.ts'
import { Database } from './database.ts'
import { Deliveries } from './deliveries.ts'
import { Epochs } from './epochs.ts'
import { Horizon } from './horizon.ts'
import { logProgress } from './migrate.ts'
import { Notifications } from './notifications.ts'
import { resolvePostgresOptions } from './options.ts'
import type { PostgresInboxOptions, ResolvedPostgresOptions } from './options.ts'
import { openPool } from './pool.ts'
import { Purge } from './purge.ts'
import { isRecovering } from './recovering.ts'
import { checkRights } from './rights.ts'
import { prepareSchema } from './schema.ts'
import { Views } from './views.ts'

/** Of a pool that does not say it: pg's own default. */
const CONNECTIONS = 10

/** What an inbox has while it is open. */
interface Parts {
  readonly adds: Adds
  readonly deliveries: Deliveries
  readonly horizon: Horizon
  readonly notifications: Notifications
  readonly epochs: Epochs
  readonly views: Views
  readonly isRecovering: boolean
  readonly close: () => Promise<void>
}

class PostgresInbox implements Inbox {
  readonly durable = true
  readonly collects = true
  readonly #options: ResolvedPostgresOptions
  #parts: Parts | undefined
  #opened = false

  constructor (options: PostgresInboxOptions) {
    this.#options = resolvePostgresOptions(options)
  }

  async open (host: InboxHost): Promise<void> {
    if (this.#opened) throw new InboxUnusableError(this.#options.schema, 'it is open already, and each app needs an inbox of its own')
    this.#opened = true
    try {
      this.#parts = await openParts(this.#options, host)
    } catch (error) {
      this.#opened = false
      throw error
    }
  }

  get isRecovering (): boolean {
    return this.#parts?.isRecovering === true
  }

  add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    return this.#whenOpen().adds.add(event)
  }

  async claim (lanes: number): Promise<readonly Claim[]> {
    if (this.#parts === undefined) return []
    this.#parts.notifications.start()
    this.#parts.epochs.start()
    this.#parts.horizon.start()
    return await this.#parts.deliveries.claim(lanes)
  }

  settle (claim: Claim, outcomes: readonly Outcome[], dueAt?: number): void {
    this.#parts?.deliveries.settle(claim, outcomes, dueAt)
  }

  completion (event: ClaimedEvent, listener: string): SqlStatement {
    return this.#whenOpen().deliveries.completion(event, listener)
  }

  async stats (): Promise<InboxStats> {
    return await this.#ask(async (views) => await views.stats())
  }

  async list (options: PageOptions = {}): Promise<StoredEvent[]> {
    return await this.#ask(async (views) => await views.list(options))
  }

  async find (options: FindOptions): Promise<Found> {
    return await this.#ask(async (views) => await views.find(options))
  }

  async get (id: string): Promise<StoredEvent | undefined> {
    return await this.#ask(async (views) => await views.get(id))
  }

  async replay (ids: readonly string[], options?: ReplayOptions): Promise<number> {
    return await this.#ask(async (views) => await views.replay(ids, options))
  }

  async discard (ids: readonly string[]): Promise<number> {
    return await this.#ask(async (views) => await views.discard(ids))
  }

  async forget (lane: string): Promise<number> {
    return await this.#ask(async (views) => await views.forget(lane))
  }

  async close (): Promise<void> {
    const parts = this.#parts
    this.#parts = undefined
    await parts?.close()
    this.#opened = false
  }

  /** Whoever looks sees what was done here before, or learns that the inbox cannot be asked. */
  async #ask<T>(work: (views: Views) => Promise<T>): Promise<T> {
    const { adds, deliveries, views } = this.#whenOpen()
    await adds.flushed()
    await deliveries.flushed()
    try {
      return await work(views)
    } catch (error) {
      throw unavailable(error)
    }
  }

  #whenOpen (): Parts {
    if (this.#parts === undefined) throw new ClosingError()
    return this.#parts
  }
}

async function openParts (options: ResolvedPostgresOptions, host: InboxHost): Promise<Parts> {
  const { log, maxBacklog } = host
  const { source, schema, keep, keepFailed, lease } = options
  const { pool, close: closePool } = await openPool(source, schema)
  const database = new Database(pool, log)
  let recovering: boolean
  try {
    await prepareSchema(database, schema, { onProgress: logProgress(log, schema) })
    await checkRights(database, schema)
    recovering = await isRecovering(database, schema, log)
  } catch (error) {
    await database.close()
    await closePool()
    throw error
  }
  const wake = () => { host.wake() }
  const onRemoved = (seqs: ReadonlySet<number>) => { void deliveries.discard(seqs) }
  const notifications = new Notifications({ database, schema, connections: pool.options?.max ?? CONNECTIONS, wake, onRemoved })
  const onNews = (removed?: ReadonlySet<number>) => {
    wake()
    notifications.notify(removed)
  }
  const autoRecount = new AutoRecount({ database, schema, log, onCorrected: onNews })
  const recountSoon = () => { autoRecount.recountSoon() }
  const adds = new Adds({ database, schema, log, maxBacklog, onAdded: onNews, onFull: recountSoon })
  const deliveries = new Deliveries({ database, schema, log, lease, onDue: (dueIn) => { notifications.setAlarm(dueIn) } })
  const horizon = new Horizon({ database, log })
  const epochs = new Epochs({ database, schema, log, isBlocked: () => horizon.isBlocked })
  const purge = new Purge({ database, schema, log, keep, keepFailed })
  const onChange = async (removed: ReadonlySet<number>) => {
    await deliveries.discard(removed)
    onNews(removed)
  }
  return {
    adds,
    deliveries,
    horizon,
    notifications,
    epochs,
    views: new Views(database, schema, { onChange, onWrongCounts: recountSoon }),
    isRecovering: recovering,
    close: async () => {
      await Promise.all([adds.close(), deliveries.close(), epochs.close(), horizon.close(), purge.close(), autoRecount.close()])
      notifications.notify() // of what was given back
      await notifications.close()
      await database.close()
      await closePool()
    }
  }
}

/**
 * A durable inbox in a PostgreSQL database, for any number of processes: an event is committed before it is answered 200, and is
 * delivered by one of them, again after a crash, until its listeners have succeeded or it is given up.
 */
export function postgresInbox (options: PostgresInboxOptions): Inbox {
  return new PostgresInbox(options)
}

export type { PostgresInboxOptions } from './options.ts'
export type { PostgresClient, PostgresPool, PostgresQuery } from './pool.ts'
