import type { DatabaseSync } from 'node:sqlite'
import type { Removed, Results } from '../messages.ts'
import type { Parts } from './parts.ts'
import { createRemove } from './remove.ts'
import type { RemovedRow } from './remove.ts'
import { nameOfState } from './schema.ts'
import { select } from './select.ts'

/** Events looked at in one transaction: what is added in the meantime waits for it. */
const BATCH = 1_000
/** And so many more if as many have come in since the last look: or it would never be through while more than a batch comes in at a time. */
const MOST_MORE = 10_000
/** Of no event. */
const NO_SEQ = 0

interface Row extends RemovedRow {
  id: string
  lane: string
  /** The lane that it has left, if it has. */
  home: string | null
}

/** Removes events, whatever their state. All of it within a transaction of the caller's. */
export class Discard {
  readonly #parts: Parts
  readonly #statements: ReturnType<typeof prepare>
  readonly #removeAll: ReturnType<typeof createRemove>
  /** The last event there was when a lane was looked for. */
  #seen = NO_SEQ

  constructor (parts: Parts) {
    this.#parts = parts
    this.#statements = prepare(parts.db)
    this.#removeAll = createRemove(parts.db, parts.totals)
  }

  discard (ids: readonly string[]): Removed {
    const seqs = new Set(ids.map((id) => this.#parts.ids.find(id) ?? NO_SEQ))
    return this.#remove(this.#statements.these.all(JSON.stringify([...seqs])))
  }

  /**
   * Removes the next events of a lane after `after`: it takes too long to remove all of them at once. What is replayed meanwhile is found
   * further on.
   */
  forget (lane: string, after: number): Results['forget'] {
    const { totals: { now: { seq } }, conversations } = this.#parts
    const most = BATCH + (after === NO_SEQ ? 0 : Math.min(Math.max(seq - this.#seen, 0), MOST_MORE))
    this.#seen = seq
    const { indexed } = conversations
    return after + 1 < indexed ? this.#forgetIndexed(lane, after, indexed) : this.#forgetRest(lane, after, most)
  }

  #forgetIndexed (lane: string, after: number, indexed: number): Results['forget'] {
    const { these } = this.#statements
    const found = this.#parts.conversations.after(lane, after, BATCH)
    const last = found.length < BATCH ? indexed - 1 : Number(found.at(-1))
    // One without a conversation has a lane of its own, which is not indexed: it has the event's id.
    const alone = this.#parts.ids.find(lane) ?? NO_SEQ
    const rows = these.all(JSON.stringify([...found, alone])).filter((row) => (row.home ?? row.lane) === lane)
    return { ...this.#remove(rows), after: last }
  }

  /**
   * Looks through the next events that are not indexed yet. Fewer than a batch are all that there are: what comes in after that was not meant,
   * and does not keep it going.
   */
  #forgetRest (lane: string, after: number, most: number): Results['forget'] {
    const { endOfBatch, ofLane } = this.#statements
    const batch = endOfBatch.get(after, most)
    const end = Number(batch?.seq)
    return { ...this.#remove(ofLane.all(after, end, lane)), after: batch?.count === most ? end : null }
  }

  #remove (rows: readonly Row[]): Removed {
    const { ids, conversations, lanes } = this.#parts
    this.#removeAll(rows)
    for (const { id, seq, lane, home } of rows) {
      ids.drop(id, seq)
      conversations.drop(seq, home ?? lane)
    }
    const pending = rows.filter(({ state }) => nameOfState(state) === 'pending').map(({ seq, lane }) => ({ seq, lane }))
    for (const lane of new Set(pending.map(({ lane }) => lane))) lanes.shrink(lane)
    return { count: rows.length, pending }
  }
}

function prepare (db: DatabaseSync) {
  return {
    these: select<Row>(db, 'SELECT seq, id, lane, home, state FROM events WHERE seq IN (SELECT value FROM json_each(?))'),
    endOfBatch: select<{ count: number, seq: number }>(db, 'SELECT count(*) AS count, coalesce(max(seq), 0) AS seq FROM (SELECT seq FROM events WHERE seq > ? ORDER BY seq LIMIT ?)'),
    ofLane: select<Row>(db, 'SELECT seq, id, lane, home, state FROM events WHERE seq > ? AND seq <= ? AND coalesce(home, lane) = ?')
  }
}
