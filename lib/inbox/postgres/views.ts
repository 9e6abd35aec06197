import type { EventState, InboxStats, ListOptions, StoredEvent } from '../inbox.ts'
import { inboxStats, MOST_LISTED, storedEvent } from '../rows.ts'
import { text } from '../text.ts'
import { Statement } from './database.ts'
import type { Database, Row } from './database.ts'
import { keyOf, quoted } from './names.ts'
import { State } from './sql/states.ts'

/** What can be seen of the inbox. */
export class Views {
  readonly #database: Database
  readonly #schema: string
  readonly #replay: Statement

  constructor (database: Database, schema: string) {
    this.#database = database
    this.#schema = quoted(schema)
    this.#replay = new Statement(`SELECT ${this.#schema}.replay($1) AS count`)
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

  async replay (ids: readonly string[]): Promise<number> {
    const { count } = await this.#database.one(this.#replay, [ids.map(keyOf)])
    return Number(count)
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
    lane: String(row.lane),
    state: row.state_name as EventState, // one of NAMES
    body: String(row.body),
    received: Number(row.received),
    attempts: Number(row.attempts),
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
