import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventState, ListOptions } from '../../inbox.ts'
import type { StoredRow } from '../../rows.ts'
import type { Results } from '../messages.ts'
import { nameOfState, State } from './schema.ts'
import { Trial } from './suspects.ts'
import type { Counts } from './totals.ts'

/** Of no event. */
const NO_SEQ = 0

/** The rows of each state that the API knows. */
const STATES: Record<EventState, readonly number[]> = {
  pending: [State.live, State.waiting],
  done: [State.done],
  dead: [State.dead],
  invalid: [State.invalid]
}

interface Parts {
  readonly totals: { readonly now: Counts }
  readonly ids: { find (id: string): number | undefined }
}

/** What can be seen of the store. */
export class EventViews {
  readonly #parts: Parts
  readonly #statements: ReturnType<typeof prepare>

  constructor (db: DatabaseSync, parts: Parts) {
    this.#parts = parts
    this.#statements = prepare(db)
  }

  stats (): Results['stats'] {
    const { pending, done, dead, invalid, received } = this.#parts.totals.now
    const oldest = STATES.pending
      .map((state) => this.#statements.oldest.get(state)?.received)
      .filter((received) => received !== undefined)
      .map(Number)
    return {
      pending,
      failing: Number(this.#statements.failing.get()?.count),
      done,
      dead,
      invalid,
      oldestPendingAt: oldest.length === 0 ? null : Math.min(...oldest),
      lastReceivedAt: received === 0 ? null : received
    }
  }

  list ({ state, limit = 100, before = Number.MAX_SAFE_INTEGER }: ListOptions): StoredRow[] {
    const { page, pageDone, pageOf } = this.#statements
    if (state === undefined) return rowsOf(page, before, limit)
    if (state === 'done') return rowsOf(pageDone, before, limit)
    return STATES[state]
      .flatMap((state) => rowsOf(pageOf, state, before, limit))
      .sort((a, b) => b.seq - a.seq)
      .slice(0, limit)
  }

  get (id: string): StoredRow | undefined {
    return rowsOf(this.#statements.one, this.#parts.ids.find(id) ?? NO_SEQ)[0]
  }
}

function rowsOf (statement: StatementSync, ...values: number[]): StoredRow[] {
  const rows = statement.all(...values) as unknown as Array<Omit<StoredRow, 'state'> & { state: number }> // what COLUMNS says
  return rows.map((row) => ({ ...row, state: nameOfState(row.state) }))
}

/** An attempt that was noted before it began counts from then on. */
const COLUMNS = `SELECT events.seq, id, name, coalesce(home, lane) AS lane, state, CAST(body AS TEXT) AS body, received,
  attempts + coalesce(trial >= ${Trial.begun}, 0) AS attempts, due, finished, error, problems, deliveries FROM`

function prepare (db: DatabaseSync) {
  const page = 'events.seq < ? ORDER BY events.seq DESC LIMIT ?'
  // The index has what is not done: SQLite has to be told so in the index's own words.
  const notDone = `INDEXED BY events_not_done WHERE state = ? AND state <> ${State.done}`
  const all = (where: string) => db.prepare(`${COLUMNS} ${where}`)
  return {
    oldest: db.prepare(`SELECT received FROM events ${notDone} ORDER BY seq LIMIT 1`),
    failing: db.prepare('SELECT count(*) AS count FROM events INDEXED BY events_failing WHERE attempts > 0 AND finished IS NULL'),
    one: all('events JOIN bodies ON bodies.seq = events.seq WHERE events.seq = ?'),
    page: all(`events JOIN bodies ON bodies.seq = events.seq WHERE ${page}`),
    pageDone: all(`events JOIN bodies ON bodies.seq = events.seq WHERE state = ${State.done} AND ${page}`),
    pageOf: all(`events INDEXED BY events_not_done JOIN bodies ON bodies.seq = events.seq
      WHERE state = ? AND state <> ${State.done} AND ${page}`)
  }
}
