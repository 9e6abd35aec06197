import type { DatabaseSync } from 'node:sqlite'
import type { Results } from '../messages.ts'
import type { Parts } from './parts.ts'
import { nameOfState, State } from './schema.ts'
import { select } from './select.ts'

/** Puts events back at the end of their lanes. All of it within a transaction of the caller's. */
export class Replay {
  readonly #parts: Parts
  readonly #statements: ReturnType<typeof prepare>

  constructor (parts: Parts) {
    this.#parts = parts
    this.#statements = prepare(parts.db)
  }

  /** Those of these events that there are, in their old order. */
  inOrder (ids: readonly string[]): Results['inOrder'] {
    return [...new Set(ids)]
      .map((id) => ({ id, seq: this.#parts.ids.find(id) }))
      .filter((found): found is { id: string, seq: number } => found.seq !== undefined)
      .sort((a, b) => a.seq - b.seq)
  }

  /** A dead event is for the listeners that failed, unless `all`. */
  replay (wanted: readonly string[], all: boolean): Results['replay'] {
    const { lanes, totals: { now } } = this.#parts
    const checkedOut = new Set<string>()
    let count = 0
    for (const { id, seq } of this.inOrder(wanted)) {
      const state = nameOfState(this.#statements.find.get(seq)?.state)
      if (state === 'pending') continue
      const lane = this.#move(id, seq, all)
      now[state]--
      now.pending++
      now.stale++ // the index may have the old `seq`
      count++
      if (lanes.add(lane, null)) checkedOut.add(lane)
    }
    return { count, lanes: [...checkedOut] }
  }

  #move (id: string, seq: number, all: boolean): string {
    const { ids, conversations, totals: { now } } = this.#parts
    const { move, moveBody } = this.#statements
    const next = ++now.seq
    const moved = move.get(next, all ? 1 : 0, seq)
    const lane = String(moved?.lane)
    moveBody.run(next, seq)
    ids.set(id, next)
    conversations.set({ seq: next, id, lane, received: Number(moved?.received) })
    return lane
  }
}

function prepare (db: DatabaseSync) {
  return {
    find: select<{ state: number }>(db, 'SELECT state FROM events WHERE seq = ?'),
    // An invalid one is delivered as it is; what it was invalid for is the error that it had.
    move: select<{ lane: string, received: number }>(db, `UPDATE events SET seq = ?, state = ${State.waiting}, attempts = 0, due = NULL, finished = NULL, since = NULL,
      lane = coalesce(home, lane), home = NULL, completed = iif(state = ${State.dead} AND NOT ?, json_remove(completed, '$.refused'), NULL),
      error = iif(state = ${State.invalid}, replace(problems, char(10), '; '), error), problems = iif(state = ${State.invalid}, NULL, problems)
      WHERE seq = ? RETURNING lane, received`),
    moveBody: db.prepare('UPDATE bodies SET seq = ? WHERE seq = ?')
  }
}
