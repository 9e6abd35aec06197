// What the API looks at and changes. In SQLite, that is in four files: store/views.ts, store/replay.ts, store/discard.ts and changes.ts.
import { batches } from '../batches.ts'
import { CHANGED_AT_ONCE } from '../find.ts'
import type { FindOptions, Found, InboxStats, PageOptions, ReplayOptions, StoredEvent } from '../inbox.ts'
import { inboxStats } from '../sql/rows.ts'
import type { Database } from './database.ts'
import { listed, numberOf, storedEventOf, tableOf, whereState } from './event-rows.ts'
import { keyOf, quoted } from './identifiers.ts'
import { Finder } from './finder.ts'
import { idBytes } from './ids.ts'
import { IndexScan } from './index-scan.ts'
import { bigints, Statement } from './query.ts'
import type { Row } from './query.ts'
import { mayBeRight } from './recount.ts'
import { sequenceOf } from './sql/functions.ts'

/** Numbers that may have been given out, and not yet committed, before the oldest pending one that has been seen. */
const LATE = 10_000
/** Ids in one look for what their order is. */
const ORDERED_AT_ONCE = 10_000

interface Hooks {
  /** Between transactions. */
  readonly signal?: AbortSignal
  /** After each transaction: there may be something to deliver, and pending events may be gone, which are those with these numbers. */
  readonly onChange: (removed: ReadonlySet<number>) => Promise<void>
  /** What is counted is not what is there. */
  readonly onWrongCounts?: () => void
}

/** What can be seen of the inbox, and what can be done to it by those who look. */
export class Views {
  readonly #database: Database
  readonly #schema: string
  readonly #hooks: Hooks
  readonly #numbers: Statement
  readonly #replay: Statement
  readonly #discard: Statement
  readonly #forget: Statement
  readonly #oldest = new IndexScan()
  readonly #finder: Finder

  constructor (database: Database, schema: string, hooks: Hooks) {
    this.#database = database
    this.#schema = quoted(schema)
    this.#hooks = hooks
    this.#finder = new Finder(database, schema)
    this.#numbers = new Statement(`SELECT * FROM ${this.#schema}.numbers($1)`)
    this.#replay = new Statement(`SELECT ${this.#schema}.replay($1, $2) AS count`)
    this.#discard = new Statement(`SELECT ${this.#schema}.discard($1) AS removed`)
    this.#forget = new Statement(`SELECT * FROM ${this.#schema}.forget($1, $2, $3)`)
  }

  async stats (): Promise<InboxStats> {
    const schema = this.#schema
    const { since } = this.#oldest.begin()
    const row = await this.#database.one(`
      SELECT t.*, pg_catalog.pg_sequence_last_value(${sequenceOf(schema)}) AS newest, (SELECT count(*) FROM ${schema}.pending WHERE attempts > 0) AS failing, o.seq AS oldest_seq, o.received AS oldest
      FROM (SELECT sum(pending) AS pending, sum(done) AS done, sum(dead) AS dead, sum(invalid) AS invalid, nullif(max(received), 0) AS last
        FROM ${schema}.totals WHERE epoch = (SELECT max(epoch) FROM ${schema}.epochs)) AS t
      LEFT JOIN LATERAL (SELECT p.seq, (SELECT e.received FROM ${schema}.events e WHERE e.seq = p.seq) AS received
        FROM ${schema}.pending p WHERE p.seq + 0 > $1 ORDER BY p.seq + 0 LIMIT 1) AS o ON true`, [Number(since) - LATE])
    if (!mayBeRight(row)) this.#hooks.onWrongCounts?.()
    const { pending, failing, done, dead, invalid, oldest, oldest_seq: seq, newest, last } = row
    this.#oldest.looked(seq ?? newest ?? '0')
    return inboxStats({
      pending: Number(pending),
      failing: Number(failing),
      done: Number(done),
      dead: Number(dead),
      invalid: Number(invalid),
      oldestPendingAt: numberOf(oldest),
      lastReceivedAt: numberOf(last)
    })
  }

  async list ({ state, limit = 100, before = Number.MAX_SAFE_INTEGER }: PageOptions): Promise<StoredEvent[]> {
    const seq = state === 'pending' ? 'e.seq + 0' : 'e.seq'
    return await this.#events(tableOf(state), `${whereState(state)}${seq} < $1 ORDER BY ${seq} DESC LIMIT $2`, [before, limit])
  }

  async get (id: string): Promise<StoredEvent | undefined> {
    const [event] = await this.#events('events', 'e.id = $1', [idBytes(id)])
    return event
  }

  async find (options: FindOptions): Promise<Found> {
    return await this.#finder.find(options)
  }

  async replay (ids: readonly string[], { all = false }: ReplayOptions = {}): Promise<number> {
    let replayed = 0
    for (const batch of batches(await this.#inOrder(ids), CHANGED_AT_ONCE)) {
      this.#hooks.signal?.throwIfAborted()
      const { count } = await this.#database.one(this.#replay, [batch, all], { onLate: () => { this.#tellLate(NONE) } })
      replayed += Number(count)
      await this.#hooks.onChange(NONE)
    }
    return replayed
  }

  async discard (ids: readonly string[]): Promise<number> {
    let count = 0
    for (const batch of batches(ids.map(idBytes), CHANGED_AT_ONCE)) {
      this.#hooks.signal?.throwIfAborted()
      count += await this.#removed(await this.#database.one(this.#discard, [batch], this.#late))
    }
    return count
  }

  /** From the oldest to the newest: what is replayed meanwhile is found further on. */
  async forget (lane: string): Promise<number> {
    let count = 0
    for (let after: string | null | undefined = '0'; typeof after === 'string';) {
      this.#hooks.signal?.throwIfAborted()
      const row: Row = await this.#database.one(this.#forget, [keyOf(lane), after, CHANGED_AT_ONCE], this.#late)
      count += await this.#removed(row)
      after = row.last
    }
    return count
  }

  /** What was given up, and is gone all the same, the others learn of, too. */
  readonly #late = { onLate: (rows: readonly Row[]) => { for (const { removed } of rows) this.#tellLate(numbersOf(removed)) } }

  /** Nobody waits for it, and whoever is not told finds out. */
  #tellLate (removed: ReadonlySet<number>): void {
    void Promise.allSettled([this.#hooks.onChange(removed)])
  }

  async #removed ({ removed }: Row): Promise<number> {
    const seqs = numbersOf(removed)
    if (seqs.size > 0) await this.#hooks.onChange(seqs)
    return seqs.size
  }

  /** Those of a lane keep their order: the oldest first. */
  async #inOrder (ids: readonly string[]): Promise<Buffer[]> {
    const rows: Row[] = []
    for (const batch of batches(ids.map(idBytes), ORDERED_AT_ONCE)) rows.push(...await this.#database.run(this.#numbers, [batch]))
    return rows.sort((a, b) => Number(a.seq) - Number(b.seq)).map(({ id }) => Buffer.from(String(id), 'hex'))
  }

  async #events (table: string, where: string, values: unknown[]): Promise<StoredEvent[]> {
    // Planned each time, with these values, for they make very different plans good ones.
    return (await this.#database.run(listed(this.#schema, table, where), values)).map(storedEventOf)
  }
}

const NONE: ReadonlySet<number> = new Set()

function numbersOf (array: string | null | undefined): ReadonlySet<number> {
  return new Set(bigints(array).map(Number))
}
