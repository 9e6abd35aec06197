// Only SQLite: its counts are in memory, too. PostgreSQL's functions add to them in the table.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { select } from './select.ts'

export interface Counts {
  /** The last `seq` given. */
  seq: number
  /** The last one that the index of ids has. */
  indexed: number
  /** Rows of that index whose event is gone. */
  stale: number
  pending: number
  done: number
  dead: number
  invalid: number
  /** When the last event came in that had no problems; 0 if none has. */
  received: number
}

const NONE: Counts = { seq: 0, indexed: 0, stale: 0, pending: 0, done: 0, dead: 0, invalid: 0, received: 0 }

/** Reads the table's one row. */
export function readTotals (db: DatabaseSync): () => Counts {
  const totals = select<Counts>(db, 'SELECT * FROM totals')
  return () => ({ ...NONE, ...totals.get() })
}

/** Counters that are kept in the transaction of what they count: to count a million events takes too long. */
export class Totals {
  now: Counts
  #saved: Counts
  readonly #save: StatementSync

  constructor (db: DatabaseSync) {
    this.now = readTotals(db)()
    this.#saved = { ...this.now }
    this.#save = db.prepare('UPDATE totals SET seq = ?, indexed = ?, stale = ?, pending = ?, done = ?, dead = ?, invalid = ?, received = ?')
  }

  /** What only looks at the store writes nothing. */
  save (): void {
    if (isDeepStrictEqual(this.now, this.#saved)) return
    const { seq, indexed, stale, pending, done, dead, invalid, received } = this.now
    this.#save.run(seq, indexed, stale, pending, done, dead, invalid, received)
  }

  commit (): void {
    this.#saved = { ...this.now }
  }

  rollback (): void {
    this.now = { ...this.#saved }
  }
}
