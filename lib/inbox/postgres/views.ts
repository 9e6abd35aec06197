import type { EventState, InboxStats, ListOptions, ReplayOptions, StoredEvent } from '../inbox.ts'
import { inboxStats, MOST_LISTED, storedEvent } from '../rows.ts'
import { text } from '../text.ts'
import { Statement } from './database.ts'
import type { Database, Row } from './database.ts'
import { bigints } from './literals.ts'
import { keyOf, quoted } from './names.ts'
import { State } from './sql/states.ts'

/** Replayed or removed in one transaction: what is added to the same lanes in the meantime waits for it. */
const CHANGED_AT_ONCE = 500
/** Looked at in one transaction for those of a lane, which are removed in it. */
const LOOKED_AT_ONCE = 2_000
/** Ids in one look for what their order is. */
const ORDERED_AT_ONCE = 10_000

interface Hooks {
  /** Between transactions. */
  readonly signal?: AbortSignal
  /** After each transaction: there may be something to deliver, and pending events may be gone, which are those with these numbers. */
  readonly onChange: (removed: ReadonlySet<number>) => Promise<void>
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
    const { pending, failing, done, dead, invalid, oldest, last } = await this.#database.one(`SELECT sum(pending) AS pending, sum(done) AS done,
      sum(dead) AS dead, sum(invalid) AS invalid, nullif(max(received), 0) AS last,
      (SELECT count(*) FROM ${this.#schema}.events WHERE attempts > 0 AND finished IS NULL) AS failing,
      (SELECT received FROM ${this.#schema}.events WHERE ${whereState('pending')} ORDER BY seq LIMIT 1) AS oldest
      FROM ${this.#schema}.totals`)
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
    return await this.#events(`seq < $1 ${state === undefined ? '' : `AND ${whereState(state)}`} ORDER BY seq DESC LIMIT $2`, [before, limit])
  }

  async get (id: string): Promise<StoredEvent | undefined> {
    const [event] = await this.#events('id = $1', [keyOf(id)])
    return event
  }

  /** Ids that begin with these characters, so many at most. */
  async idsLike (prefix: string, most: number): Promise<string[]> {
    // A range, for which the index is good. The characters of an id come before '~'.
    const rows = await this.#database.run(`SELECT id FROM ${this.#schema}.events WHERE id >= $1 AND id < $2 LIMIT $3`, [text(prefix), `${text(prefix)}~`, most])
    return rows.map(({ id }) => String(id))
  }

  async replay (ids: readonly string[], { all = false }: ReplayOptions = {}): Promise<number> {
    let replayed = 0
    for (const batch of batchesOf(await this.#inOrder(ids), CHANGED_AT_ONCE)) {
      this.#hooks.signal?.throwIfAborted()
      const { count } = await this.#database.one(this.#replay, [batch, all])
      replayed += Number(count)
      await this.#hooks.onChange(NONE)
    }
    return replayed
  }

  async discard (ids: readonly string[]): Promise<number> {
    let count = 0
    for (const batch of batchesOf(ids.map(keyOf), CHANGED_AT_ONCE)) {
      this.#hooks.signal?.throwIfAborted()
      count += await this.#removed(await this.#database.one(this.#discard, [batch]))
    }
    return count
  }

  /** From the oldest to the newest: what is replayed meanwhile is found further on. */
  async forget (lane: string): Promise<number> {
    let count = 0
    for (let after: string | null | undefined = '0'; typeof after === 'string';) {
      this.#hooks.signal?.throwIfAborted()
      const row: Row = await this.#database.one(this.#forget, [keyOf(lane), after, LOOKED_AT_ONCE])
      count += await this.#removed(row)
      after = row.last
    }
    return count
  }

  async #removed ({ removed }: Row): Promise<number> {
    const seqs = new Set(bigints(removed).map(Number))
    if (seqs.size > 0) await this.#hooks.onChange(seqs)
    return seqs.size
  }

  /** Those of a lane keep their order: the oldest first. */
  async #inOrder (ids: readonly string[]): Promise<string[]> {
    const rows: Row[] = []
    for (const batch of batchesOf(ids.map(keyOf), ORDERED_AT_ONCE)) rows.push(...await this.#database.run(this.#numbers, [batch]))
    return rows.sort((a, b) => Number(a.seq) - Number(b.seq)).map(({ id }) => String(id))
  }

  /**
   * Planned each time, with these values, for they make very different plans good ones. The sizes are added up before any body is
   * read: a page ends with the event that makes it too long.
   */
  async #events (where: string, values: unknown[]): Promise<StoredEvent[]> {
    const rows = await this.#database.run(`SELECT e.*, b.body, (ARRAY[${NAMES}])[e.state + 1] AS state_name,
        (extract(epoch FROM e.due) * 1000)::bigint AS due_at, (extract(epoch FROM e.finished) * 1000)::bigint AS finished_at
      FROM (SELECT *, sum(size) OVER (ORDER BY seq DESC) - size AS before_it FROM (SELECT * FROM ${this.#schema}.events WHERE ${where}) AS found) AS e
      JOIN ${this.#schema}.bodies b ON b.seq = e.seq WHERE e.before_it < ${MOST_LISTED} ORDER BY e.seq DESC`, values)
    return rows.map(storedEventOf)
  }
}

const NONE: ReadonlySet<number> = new Set()

function batchesOf (ids: readonly string[], most: number): string[][] {
  return Array.from({ length: Math.ceil(ids.length / most) }, (_, i) => ids.slice(i * most, (i + 1) * most))
}

/** As SQL writes them. */
const NAMES = Object.keys(State).map((name) => `'${name}'`).join()

/** In the words of the index that has what is not done. */
function whereState (state: EventState): string {
  return state === 'done' ? `state = ${State.done}` : `state + 0 = ${State[state]} AND state + 0 <> ${State.done}`
}

function storedEventOf (row: Row): StoredEvent {
  return storedEvent({
    seq: Number(row.seq),
    id: String(row.id),
    name: String(row.name),
    lane: row.home ?? String(row.lane),
    state: row.state_name as EventState, // one of NAMES
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
