import type { EventState, InboxStats, ListOptions, ReplayOptions, StoredEvent } from '../inbox.ts'
import { inboxStats, MOST_LISTED, storedEvent } from '../rows.ts'
import type { Database } from './database.ts'
import { idBytes, idOf, idRange } from './ids.ts'
import { bigints } from './literals.ts'
import { keyOf, quoted } from './names.ts'
import { Statement } from './query.ts'
import type { Row } from './query.ts'
import { mayBeRight } from './recount.ts'
import { State } from './sql/states.ts'

/** Replayed or removed in one transaction: what is added to the same lanes in the meantime waits for it. */
const CHANGED_AT_ONCE = 500
/** Looked at in one transaction for those of a lane, which are removed in it. */
const LOOKED_AT_ONCE = 2_000
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
  readonly onDoubt?: () => void
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
  /** The oldest pending event that has been seen: what comes before it in the index is dead. */
  #oldest = 0

  constructor (database: Database, schema: string, hooks: Hooks) {
    this.#database = database
    this.#schema = quoted(schema)
    this.#hooks = hooks
    this.#numbers = new Statement(`SELECT * FROM ${this.#schema}.numbers($1)`)
    this.#replay = new Statement(`SELECT ${this.#schema}.replay($1, $2) AS count`)
    this.#discard = new Statement(`SELECT ${this.#schema}.discard($1) AS removed`)
    this.#forget = new Statement(`SELECT * FROM ${this.#schema}.forget($1, $2, $3)`)
  }

  async stats (): Promise<InboxStats> {
    const schema = this.#schema
    const row = await this.#database.one(`
      SELECT t.*, (SELECT count(*) FROM ${schema}.pending WHERE attempts > 0) AS failing, o.seq AS oldest_seq, o.received AS oldest
      FROM (SELECT sum(pending) AS pending, sum(done) AS done, sum(dead) AS dead, sum(invalid) AS invalid, nullif(max(received), 0) AS last
        FROM ${schema}.totals WHERE epoch = (SELECT max(epoch) FROM ${schema}.epochs)) AS t
      LEFT JOIN LATERAL (SELECT p.seq, (SELECT e.received FROM ${schema}.events e WHERE e.seq = p.seq) AS received
        FROM ${schema}.pending p WHERE p.seq + 0 > $1 ORDER BY p.seq + 0 LIMIT 1) AS o ON true`, [this.#oldest - LATE])
    if (!mayBeRight(row)) this.#hooks.onDoubt?.()
    const { pending, failing, done, dead, invalid, oldest, oldest_seq: seq, last } = row
    this.#oldest = numberOf(seq) ?? this.#oldest
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

  async list ({ state, limit = 100, before = Number.MAX_SAFE_INTEGER }: ListOptions): Promise<StoredEvent[]> {
    const seq = state === 'pending' ? 'e.seq + 0' : 'e.seq'
    return await this.#events(tableOf(state), `${whereState(state)}${seq} < $1 ORDER BY ${seq} DESC LIMIT $2`, [before, limit])
  }

  async get (id: string): Promise<StoredEvent | undefined> {
    const [event] = await this.#events('events', 'e.id = $1', [idBytes(id)])
    return event
  }

  /** Ids that begin with these characters, so many at most. */
  async idsLike (prefix: string, most: number): Promise<string[]> {
    // A range, for which the index is good.
    const rows = await this.#database.run(`SELECT encode(id, 'hex') AS id FROM ${this.#schema}.events WHERE id BETWEEN $1 AND $2 LIMIT $3`, [...idRange(prefix), most])
    return rows.map(({ id }) => idOf(id))
  }

  async replay (ids: readonly string[], { all = false }: ReplayOptions = {}): Promise<number> {
    let replayed = 0
    for (const batch of batchesOf(await this.#inOrder(ids), CHANGED_AT_ONCE)) {
      this.#hooks.signal?.throwIfAborted()
      const { count } = await this.#database.one(this.#replay, [batch, all], { onLate: () => { void this.#hooks.onChange(NONE) } })
      replayed += Number(count)
      await this.#hooks.onChange(NONE)
    }
    return replayed
  }

  async discard (ids: readonly string[]): Promise<number> {
    let count = 0
    for (const batch of batchesOf(ids.map(idBytes), CHANGED_AT_ONCE)) {
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
      const row: Row = await this.#database.one(this.#forget, [keyOf(lane), after, LOOKED_AT_ONCE], this.#late)
      count += await this.#removed(row)
      after = row.last
    }
    return count
  }

  /** What was given up, and is gone all the same, the others learn of, too. */
  readonly #late = { onLate: (rows: readonly Row[]) => { for (const row of rows) void this.#removed(row) } }

  async #removed ({ removed }: Row): Promise<number> {
    const seqs = new Set(bigints(removed).map(Number))
    if (seqs.size > 0) await this.#hooks.onChange(seqs)
    return seqs.size
  }

  /** Those of a lane keep their order: the oldest first. */
  async #inOrder (ids: readonly string[]): Promise<Buffer[]> {
    const rows: Row[] = []
    for (const batch of batchesOf(ids.map(idBytes), ORDERED_AT_ONCE)) rows.push(...await this.#database.run(this.#numbers, [batch]))
    return rows.sort((a, b) => Number(a.seq) - Number(b.seq)).map(({ id }) => Buffer.from(String(id), 'hex'))
  }

  /**
   * Of a table that has a row for each of them. Planned each time, with these values, for they make very different plans good ones. The
   * sizes are added up before any body is read: a page ends with the event that makes it too long.
   */
  async #events (table: string, where: string, values: unknown[]): Promise<StoredEvent[]> {
    const schema = this.#schema
    const rows = await this.#database.run(`SELECT e.seq, e.received, e.name, e.lane, e.problems, e.body, encode(e.id, 'hex') AS id,
        coalesce(f.state, ${State.pending}) AS state, coalesce(f.attempts, p.attempts) AS attempts, p.trial,
        coalesce(f.error, p.error) AS error, coalesce(f.deliveries, p.deliveries) AS deliveries,
        (extract(epoch FROM p.due) * 1000.0)::bigint AS due_at, (extract(epoch FROM f.finished) * 1000.0)::bigint AS finished_at
      FROM (SELECT found.seq, sum(s.size) OVER (ORDER BY found.seq DESC) - s.size AS before_it
        FROM (SELECT e.seq FROM ${schema}.${table} e WHERE ${where}) AS found JOIN ${schema}.events s ON s.seq = found.seq) AS page
      JOIN ${schema}.events e ON e.seq = page.seq
      LEFT JOIN ${schema}.pending p ON p.seq + 0 = e.seq LEFT JOIN ${schema}.finished f ON f.seq = e.seq
      WHERE page.before_it < ${MOST_LISTED} ORDER BY e.seq DESC`, values)
    return rows.map(storedEventOf)
  }
}

const NONE: ReadonlySet<number> = new Set()

function batchesOf<T> (ids: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(ids.length / most) }, (_, i) => ids.slice(i * most, (i + 1) * most))
}

/** Where there is a row for each event in this state, or for each one. */
function tableOf (state: EventState | undefined): string {
  if (state === undefined) return 'events'
  return state === 'pending' ? 'pending' : 'finished'
}

/** In the words of the index that has what is not done. */
function whereState (state: EventState | undefined): string {
  if (state === undefined || state === 'pending') return ''
  return `e.state = ${State[state]} AND `
}

const NAMES = Object.keys(State)

function storedEventOf (row: Row): StoredEvent {
  return storedEvent({
    seq: Number(row.seq),
    id: idOf(row.id),
    name: String(row.name),
    lane: String(row.lane),
    state: NAMES[Number(row.state)] as EventState, // one of them
    body: String(row.body),
    received: Number(row.received),
    // What is recorded before an attempt that may end the process counts when it is over.
    attempts: Number(row.attempts) + (row.trial === '1' || row.trial === '2' ? 1 : 0),
    due: numberOf(row.due_at),
    finished: numberOf(row.finished_at),
    error: row.error ?? null,
    problems: row.problems ?? null,
    deliveries: row.deliveries ?? null
  })
}

function numberOf (value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}
