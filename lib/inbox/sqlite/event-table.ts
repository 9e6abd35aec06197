import type { DatabaseSync } from 'node:sqlite'
import type { KnownIds } from './known-ids.ts'
import type { LaneTable } from './lane-table.ts'
import { Admission, Taken } from './messages.ts'
import type { Adds, Failed, Results } from './messages.ts'
import { nameOfState, State } from './schema.ts'
import type { Totals } from './totals.ts'

interface Parts {
  readonly db: DatabaseSync
  readonly totals: Totals
  readonly ids: KnownIds
  readonly lanes: LaneTable
}

/** What is written about events. All of it within a transaction of the caller's. */
export class EventTable {
  readonly #parts: Parts
  readonly #maxBacklog: number
  readonly #statements: ReturnType<typeof prepare>

  constructor (parts: Parts, maxBacklog: number) {
    this.#parts = parts
    this.#maxBacklog = maxBacklog
    this.#statements = prepare(parts.db)
  }

  /** Adds events in order, and says of each what became of it. */
  add (adds: Adds): number[] {
    const { ids, lanes, totals: { now } } = this.#parts
    let empty = lanes.isEmpty()
    let start = 0
    return adds.ids.map((id, i) => {
      const body = adds.bodies.subarray(start, adds.ends[i])
      start = adds.ends[i] ?? start
      if (ids.get(id) !== undefined) return Taken.duplicate
      const admission = adds.admissions[i]
      if (admission !== Admission.invalid && now.pending >= this.#maxBacklog) return Taken.full
      const lane = adds.lanes[i] ?? ''
      if (admission === Admission.invalid) return this.#insert(adds, i, body, State.invalid)
      if (admission === Admission.live && (empty || !lanes.has(lane))) return this.#insert(adds, i, body, State.live)
      empty = false
      lanes.add(lane, admission === Admission.held ? null : adds.received[i] ?? 0)
      return this.#insert(adds, i, body, State.waiting)
    })
  }

  #insert (adds: Adds, i: number, body: Uint8Array, state: number): number {
    const { ids, totals: { now } } = this.#parts
    const { insert, insertBody } = this.#statements
    const [id, received, error] = [adds.ids[i] ?? '', adds.received[i] ?? 0, adds.errors[i] ?? null]
    const seq = ++now.seq
    now[state === State.invalid ? 'invalid' : 'pending']++
    insert.run(seq, id, adds.lanes[i] ?? '', adds.names[i] ?? '', state, received, error === null ? null : received, error)
    insertBody.run(seq, body)
    ids.set(id, seq)
    return state === State.live ? seq : Taken.stored
  }

  /** Events that were delivered at their first attempt. Those that are settled already are left as they are. */
  done (seqs: readonly number[], at: number): void {
    if (seqs.length === 0) return
    const { now } = this.#parts.totals
    const count = Number(this.#statements.done.run(at, JSON.stringify(seqs)).changes)
    now.pending -= count
    now.done += count
  }

  /** Events whose delivery was more than that. */
  settle ({ seq, state, attempts, due, completed, error }: Failed, at: number): void {
    const { retry, end } = this.#statements
    if (state === 'pending') {
      retry.run(attempts, due, completed, error, seq)
      return
    }
    if (end.run(State[state], attempts, at, completed, error, seq).changes === 0) return
    const { now } = this.#parts.totals
    now.pending--
    now[state]++
  }

  /** Puts events back at the end of their lanes. */
  replay (wanted: readonly string[]): Results['replay'] {
    const { ids, lanes, totals: { now } } = this.#parts
    const { find, move, moveBody } = this.#statements
    const held = new Set<string>()
    let count = 0
    for (const id of wanted) {
      const row = find.get(ids.get(id) ?? 0)
      const state = nameOfState(row?.state)
      if (row === undefined || state === 'pending') continue
      const [lane, seq, next] = [String(row.lane), Number(row.seq), ++now.seq]
      move.run(next, seq)
      moveBody.run(next, seq)
      ids.set(id, next)
      now[state]--
      now.pending++
      now.stale++ // the index may have the old `seq`
      count++
      if (lanes.add(lane, null)) held.add(lane)
    }
    return { count, lanes: [...held] }
  }
}

function prepare (db: DatabaseSync) {
  const pending = `state IN (${State.live}, ${State.waiting})`
  return {
    insert: db.prepare('INSERT INTO events (seq, id, lane, name, state, received, finished, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    insertBody: db.prepare('INSERT INTO bodies VALUES (?, ?)'),
    done: db.prepare(`UPDATE events SET state = ${State.done}, attempts = 1, finished = ?
      WHERE seq IN (SELECT value FROM json_each(?)) AND ${pending}`),
    retry: db.prepare(`UPDATE events SET attempts = ?, due = ?, completed = ?, error = ? WHERE seq = ? AND ${pending}`),
    end: db.prepare(`UPDATE events SET state = ?, attempts = ?, due = NULL, finished = ?, completed = ?, error = ?
      WHERE seq = ? AND ${pending}`),
    find: db.prepare('SELECT seq, lane, state FROM events WHERE seq = ?'),
    move: db.prepare(`UPDATE events SET seq = ?, state = ${State.waiting}, attempts = 0, due = NULL, finished = NULL, completed = NULL
      WHERE seq = ?`),
    moveBody: db.prepare('UPDATE bodies SET seq = ? WHERE seq = ?')
  }
}
