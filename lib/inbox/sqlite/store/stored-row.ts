// Only SQLite: an event and its body are in two tables, and what PostgreSQL reads is in postgres/event-rows.ts.
import type { StoredRow } from '../../sql/rows.ts'
import { nameOfState } from './schema.ts'
import { UNCOUNTED } from './suspects.ts'

/** As a statement with these columns has it. */
export type Row = Omit<StoredRow, 'state' | 'aside'> & { state: number, aside: number }

export const COLUMNS = `SELECT events.seq, id, name, coalesce(home, lane) AS lane, state, CAST(body AS TEXT) AS body, received,
  attempts + ${UNCOUNTED} AS attempts, due, finished, error, problems, deliveries, home IS NOT NULL AS aside FROM`

export const WITH_BODY = 'JOIN bodies ON bodies.seq = events.seq WHERE'

export function storedRow (row: Row): StoredRow {
  return { ...row, state: nameOfState(row.state), aside: row.aside === 1 }
}
