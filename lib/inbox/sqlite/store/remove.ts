// Only SQLite: three of its files remove events. PostgreSQL's functions are joined with what else they change.
import type { DatabaseSync } from 'node:sqlite'
import { nameOfState } from './schema.ts'
import type { Totals } from './totals.ts'

export interface RemovedRow {
  seq: number
  state: number
}

/** Makes what removes events, and counts them no more. Within a transaction of the caller's. */
export function createRemove (db: DatabaseSync, totals: Totals): (rows: readonly RemovedRow[]) => void {
  const statements = ['bodies', 'events'].map((table) => db.prepare(`DELETE FROM ${table} WHERE seq IN (SELECT value FROM json_each(?))`))
  return (rows) => {
    const seqs = JSON.stringify(rows.map(({ seq }) => seq))
    for (const statement of statements) statement.run(seqs)
    for (const { state } of rows) totals.now[nameOfState(state)]--
  }
}
