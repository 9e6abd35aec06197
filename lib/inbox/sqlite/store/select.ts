// Only SQLite: its rows have types. PostgreSQL's are texts (postgres/query.ts).
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

type Runnable = Pick<StatementSync, 'run'>

export interface Select<Row extends object> extends Runnable {
  get (...values: SQLInputValue[]): Row | undefined
  all (...values: SQLInputValue[]): Row[]
  iterate (...values: SQLInputValue[]): Iterable<Row>
}

/** A statement whose rows have these columns: its text says so, and the tables are strict about types. */
export function select<Row extends object> (db: DatabaseSync, text: string): Select<Row> {
  const statement: Runnable = db.prepare(text)
  return statement as Select<Row> // as said
}
