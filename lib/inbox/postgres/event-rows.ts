// Only PostgreSQL: an event is in two of three tables there, so a list needs a join. SQLite's statements are in store/views.ts.
import type { EventState, StoredEvent } from '../inbox.ts'
import { COLLECT } from '../sql/next-lane.ts'
import { MOST_LISTED, storedEvent } from '../sql/rows.ts'
import { idOf } from './ids.ts'
import type { Row } from './query.ts'
import { nameOfState, State } from './sql/states.ts'

/** Where there is a row for each event in this state, or for each one. */
export function tableOf (state: EventState | undefined): string {
  if (state === undefined) return 'events'
  return state === 'pending' ? 'pending' : 'finished'
}

/** In the words of the index that has what is not done. */
export function whereState (state: EventState | undefined): string {
  if (state === undefined || state === 'pending') return ''
  return `e.state = ${State[state]} AND `
}

export function storedEventOf (row: Row): StoredEvent {
  return storedEvent({
    seq: Number(row.seq),
    id: idOf(row.id),
    name: String(row.name),
    lane: String(row.lane),
    state: nameOfState(row.state),
    body: String(row.body),
    received: Number(row.received),
    // What is recorded before an attempt that may end the process counts when it is over.
    attempts: Number(row.attempts) + (row.trial === '1' || row.trial === '2' ? 1 : 0),
    due: numberOf(row.due_at),
    finished: numberOf(row.finished_at),
    error: row.error ?? null,
    problems: row.problems ?? null,
    deliveries: row.deliveries ?? null,
    aside: row.aside === 't',
    collected: row.collected === 't'
  })
}

/** What is read of an event `e`, of what is pending of it `p`, and of how it finished `f`. */
export const COLUMNS = `e.seq, e.received, e.name, e.lane, e.problems, e.body, encode(e.id, 'hex') AS id,
      coalesce(f.state, ${State.pending}) AS state, coalesce(f.attempts, p.attempts) AS attempts, p.trial,
      p.lane <> e.lane AND p.lane <> '${COLLECT}' || e.lane AS aside, p.lane <> e.lane AND starts_with(p.lane, '${COLLECT}') AS collected,
      coalesce(f.error, p.error) AS error, coalesce(f.deliveries, p.deliveries) AS deliveries,
      (extract(epoch FROM p.due) * 1000.0)::bigint AS due_at, (extract(epoch FROM f.finished) * 1000.0)::bigint AS finished_at`

/**
 * Events of a table that has a row `e` for each of them. The sizes are added up before any body is read: a page ends with the event that
 * makes it too long.
 */
export function listed (schema: string, table: string, where: string): string {
  return `SELECT ${COLUMNS}
    FROM (SELECT found.seq, sum(s.size) OVER (ORDER BY found.seq DESC) - s.size AS before_it
      FROM (SELECT e.seq FROM ${schema}.${table} e WHERE ${where}) AS found JOIN ${schema}.events s ON s.seq = found.seq) AS page
    JOIN ${schema}.events e ON e.seq = page.seq
    LEFT JOIN ${schema}.pending p ON p.seq + 0 = e.seq LEFT JOIN ${schema}.finished f ON f.seq = e.seq
    WHERE page.before_it < ${MOST_LISTED} ORDER BY e.seq DESC`
}

export function numberOf (value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}
