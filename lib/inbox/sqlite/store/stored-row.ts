// Only SQLite: an event and its body are in two tables, and what PostgreSQL reads is in postgres/event-rows.ts.
import { isAside, isCollected } from '../../sql/next-lane.ts'
import type { StoredRow } from '../../sql/rows.ts'
import { nameOfState } from './schema.ts'
import { UNCOUNTED } from './suspects.ts'

/** As a statement with these columns has it. */
export type Row = Omit<StoredRow, 'state' | 'aside' | 'collected'> & { state: number, home: string | null, place: string }

export const COLUMNS = `SELECT events.seq, id, name, coalesce(home, lane) AS lane, state, CAST(body AS TEXT) AS body, received,
  attempts + ${UNCOUNTED} AS attempts, due, finished, error, problems, deliveries, home, lane AS place FROM`

export const WITH_BODY = 'JOIN bodies ON bodies.seq = events.seq WHERE'

export function storedRow ({ home, place, state, ...row }: Row): StoredRow {
  const where = { lane: place, home }
  return { ...row, state: nameOfState(state), aside: isAside(where), collected: isCollected(where) }
}
