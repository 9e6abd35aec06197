import type { DatabaseSync } from 'node:sqlite'
import { BLOCK } from './blocks.ts'
import { createRemove } from './remove.ts'
import type { RemovedRow } from './remove.ts'
import { State } from './schema.ts'
import { select } from './select.ts'
import type { Totals } from './totals.ts'

/** Events looked at in one transaction: what is added in the meantime waits for it. */
const BATCH = 500
/** Rows of an index looked at in one transaction. */
const ROWS_BATCH = 2_000
/** Stale rows of an index are only looked for when they are this many, and this part of all. */
const STALE = { least: 10_000, part: 1 / 8 } as const

interface Parts {
  readonly db: DatabaseSync
  readonly totals: Totals
  /** Milliseconds that a done event stays. */
  readonly keep: number
  /** The same of a dead or invalid one. */
  readonly keepFailed: number
}

/** To be done in a transaction, if there is anything to do. Between two steps there is time for other work. */
type Step = (() => void) | undefined

/** Removes what has been done, dead or invalid for long enough. */
export class Purge {
  readonly #parts: Parts
  /** When a dead or invalid event can be old enough at the earliest: there may be many of them, and all of them would have to be looked at. */
  #nextFailed = 0
  readonly #statements: ReturnType<typeof prepare>
  readonly #removeAll: ReturnType<typeof createRemove>

  constructor (parts: Parts) {
    this.#parts = parts
    this.#statements = prepare(parts.db)
    this.#removeAll = createRemove(parts.db, parts.totals)
  }

  /** Goes once through what may have become old, from the oldest on. */
  * pass (now: number): Generator<Step, undefined> {
    const before = now - this.#parts.keep
    let after = 0
    for (let rows = this.#after(after); rows.length > 0; rows = this.#after(after)) {
      const old = rows.filter(({ state, finished }) => state === State.done && finished !== null && finished < before)
      yield old.length === 0 ? undefined : () => { this.#remove(old) }
      const last = rows[rows.length - 1]
      // What came in later was done later, or another pass finds it. Nothing can be said after a time that a wrong clock has given.
      if (last === undefined || (last.received >= before && last.received <= now)) break
      after = last.seq
    }
    if (now >= this.#nextFailed) yield * this.#failed(now)
    yield * this.#stale()
  }

  /** From when they are dead or invalid, which says nothing of their order. */
  * #failed (now: number): Generator<Step, undefined> {
    const { keepFailed } = this.#parts
    let oldest = now
    for (const state of [State.dead, State.invalid]) {
      const rowsAfter = (seq: number) => this.#statements.failed.all(state, seq, BATCH)
      let after = 0
      for (let rows = rowsAfter(after); rows.length > 0; rows = rowsAfter(after)) {
        const old = rows.filter(({ finished }) => Number(finished) < now - keepFailed)
        for (const { seq, finished } of rows) {
          after = seq
          if (Number(finished) >= now - keepFailed) oldest = Math.min(oldest, Number(finished))
        }
        yield old.length === 0 ? undefined : () => { this.#remove(old) }
      }
    }
    this.#nextFailed = oldest + keepFailed
  }

  #after (seq: number): Row[] {
    return this.#statements.rows.all(seq, BATCH)
  }

  #remove (rows: readonly Row[]): void {
    this.#removeAll(rows)
    this.#parts.totals.now.stale += rows.length // the indexes have them
  }

  /** Rows of the indexes of ids and of conversations whose events are gone do no harm, but take room. */
  * #stale (): Generator<Step, undefined> {
    const { totals } = this.#parts
    const { pending, done, dead, invalid, stale } = totals.now
    if (stale < Math.max(STALE.least, (pending + done + dead + invalid) * STALE.part)) return
    for (const { endOfBatch, removeStale } of this.#statements.indexes) {
      for (let from = Number.MIN_SAFE_INTEGER, to = endOfBatch.get(from)?.key; typeof to === 'number'; to = endOfBatch.get(from)?.key) {
        const part = [from, to] as const
        yield () => { removeStale.run(...part) }
        from = to
      }
    }
    yield () => {
      this.#statements.removeBlocks.run()
      totals.now.stale = 0
    }
  }
}

interface Row extends RemovedRow {
  received: number
  finished: number | null
}

function prepare (db: DatabaseSync) {
  return {
    rows: select<Row>(db, 'SELECT seq, state, received, finished FROM events WHERE seq > ? ORDER BY seq LIMIT ?'),
    failed: select<Row>(db, `SELECT seq, state, received, finished FROM events INDEXED BY events_not_done
      WHERE state = ? AND state <> ${State.done} AND seq > ? ORDER BY seq LIMIT ?`),
    indexes: ['ids', 'conversations'].map((index) => ({
      endOfBatch: select<{ key: number | null }>(db, `SELECT max(key) AS key FROM (SELECT key FROM ${index} WHERE key > ? ORDER BY key LIMIT ${ROWS_BATCH})`),
      removeStale: db.prepare(`DELETE FROM ${index} WHERE key > ? AND key <= ?
        AND NOT EXISTS (SELECT 1 FROM events WHERE events.seq = ${index}.seq)`)
    })),
    removeBlocks: db.prepare(`DELETE FROM blocks
      WHERE NOT EXISTS (SELECT 1 FROM events WHERE seq >= block * ${BLOCK} AND seq < (block + 1) * ${BLOCK})`)
  }
}
