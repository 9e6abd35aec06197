// What is looked at. Its counterpart (postgres/views.ts) also does what replay.ts and discard.ts do here.
import type { DatabaseSync } from 'node:sqlite'
import type { PageOptions } from '../../inbox.ts'
import { MOST_LISTED } from '../../sql/rows.ts'
import type { StoredRow } from '../../sql/rows.ts'
import type { Results } from '../messages.ts'
import { State } from './schema.ts'
import { select } from './select.ts'
import type { Select } from './select.ts'
import { COLUMNS, storedRow, WITH_BODY } from './stored-row.ts'
import type { Row } from './stored-row.ts'
import type { Counts } from './totals.ts'

/** Of no event. */
const NO_SEQ = 0

const PENDING = [State.live, State.waiting] as const

interface Parts {
  readonly totals: { readonly now: Counts }
  readonly ids: { find (id: string): number | undefined }
}

/** What can be seen of the store. */
export class Views {
  readonly #parts: Parts
  readonly #statements: ReturnType<typeof prepare>

  constructor (db: DatabaseSync, parts: Parts) {
    this.#parts = parts
    this.#statements = prepare(db)
  }

  stats (): Results['stats'] {
    const { pending, done, dead, invalid, received } = this.#parts.totals.now
    const oldest = PENDING
      .map((state) => this.#statements.oldest.get(state)?.received)
      .filter((received) => received !== undefined)
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

  list ({ state, limit = 100, before = Number.MAX_SAFE_INTEGER }: PageOptions): StoredRow[] {
    const { statement, parts } = this.#statements[state ?? 'any']
    return rowsOf(statement, ...Array<number>(parts).fill(before), limit)
  }

  get (id: string): StoredRow | undefined {
    return rowsOf(this.#statements.one, this.#parts.ids.find(id) ?? NO_SEQ)[0]
  }
}

/** Row by row: of what is not shown, the bodies are not read. */
function rowsOf (statement: Select<Row>, ...values: number[]): StoredRow[] {
  const rows: StoredRow[] = []
  let characters = 0
  for (const row of statement.iterate(...values)) {
    rows.push(storedRow(row))
    characters += row.body.length
    if (characters >= MOST_LISTED) break
  }
  return rows
}

function prepare (db: DatabaseSync) {
  // The index has what is not done: SQLite has to be told so in the index's own words.
  const notDone = `INDEXED BY events_not_done WHERE state = ? AND state <> ${State.done}`
  const of = (state: number) => `${COLUMNS} events INDEXED BY events_not_done ${WITH_BODY} state = ${state} AND state <> ${State.done} AND events.seq < ?`
  // Without numbers, which Node 22 takes for names: each part has a `before` of its own.
  const page = (...parts: string[]) => ({ statement: select<Row>(db, `${parts.join(' UNION ALL ')} ORDER BY 1 DESC LIMIT ?`), parts: parts.length })
  return {
    oldest: select<{ received: number }>(db, `SELECT received FROM events ${notDone} ORDER BY seq LIMIT 1`),
    failing: select<{ count: number }>(db, 'SELECT count(*) AS count FROM events INDEXED BY events_failing WHERE attempts > 0 AND finished IS NULL'),
    one: select<Row>(db, `${COLUMNS} events ${WITH_BODY} events.seq = ?`),
    any: page(`${COLUMNS} events ${WITH_BODY} events.seq < ?`),
    done: page(`${COLUMNS} events ${WITH_BODY} state = ${State.done} AND events.seq < ?`),
    pending: page(of(State.live), of(State.waiting)), // merged row by row: both are in order
    dead: page(of(State.dead)),
    invalid: page(of(State.invalid))
  }
}
