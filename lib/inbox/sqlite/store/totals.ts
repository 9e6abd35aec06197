import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'

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

/** Counters that are kept in the transaction of what they count: to count a million events takes too long. */
export class Totals {
  now: Counts
  #saved: Counts
  readonly #save: StatementSync

  constructor (db: DatabaseSync) {
    const row = db.prepare('SELECT * FROM totals').get()
    // The table's one row, with these columns.
    this.now = { ...row as unknown as Counts }
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
