// Only SQLite: a function of PostgreSQL takes arrays (postgres/sql/add.ts).
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

const MANY = 16

/** Inserts rows several at a time: to run a statement costs more than a row of it. */
export class BulkInsert {
  readonly #columns: number
  readonly #one: StatementSync
  readonly #many: StatementSync

  /** `into` is an INSERT up to its VALUES. */
  constructor (db: DatabaseSync, into: string, columns: number) {
    const row = `(${Array(columns).fill('?').join()})`
    this.#columns = columns
    this.#one = db.prepare(`${into} VALUES ${row}`)
    this.#many = db.prepare(`${into} VALUES ${Array(MANY).fill(row).join()}`)
  }

  /** The values of all rows, one row behind the other. */
  run (values: readonly SQLInputValue[]): void {
    const [one, many] = [this.#columns, this.#columns * MANY]
    const odd = values.length % many
    for (let i = 0; i < odd; i += one) this.#one.run(...values.slice(i, i + one))
    for (let i = odd; i < values.length; i += many) this.#many.run(...values.slice(i, i + many))
  }
}
