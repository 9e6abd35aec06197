// Only SQLite: what postgres/sql/add.ts and settle.ts do. Both change the same rows and counts.
import type { DatabaseSync } from 'node:sqlite'
import { MOST_KEPT } from '../../sql/delivery-records.ts'
import { Added, Admission, READY } from '../lane-owner.ts'
import type { Adds, Failed } from '../messages.ts'
import { FreshEvents, prepareInserts } from './fresh-events.ts'
import type { NewRow } from './fresh-events.ts'
import type { Parts } from './parts.ts'
import { createRemove } from './remove.ts'
import type { RemovedRow } from './remove.ts'
import { State } from './schema.ts'
import { select } from './select.ts'
import { Trial } from './suspects.ts'

/** Of no event. */
const NO_SEQ = 0
/** Where a row has them. */
const [SIZE, COLLECT_AFTER] = [6, 7] as const

/** What is written about events. All of it within a transaction of the caller's. */
export class EventTable {
  readonly #parts: Parts
  readonly #maxBacklog: number
  readonly #statements: ReturnType<typeof prepare>
  readonly #inserts: ReturnType<typeof prepareInserts>
  readonly #remove: ReturnType<typeof createRemove>

  constructor (parts: Parts, maxBacklog: number) {
    this.#parts = parts
    this.#maxBacklog = maxBacklog
    this.#statements = prepare(parts.db)
    this.#inserts = prepareInserts(parts.db)
    this.#remove = createRemove(parts.db, parts.totals)
  }

  /** Adds events in order, and says of each what became of it. `at` is now. */
  add ({ rows, bodies }: Adds, at: number): number[] {
    const fresh = new FreshEvents(this.#parts, this.#inserts)
    let start = 0
    const added = rows.map((row) => {
      const body = bodies.subarray(start, start + row[SIZE])
      start += body.length
      return this.#add({ row, body }, fresh, at)
    })
    fresh.flush()
    return added
  }

  #add (arrival: NewRow, fresh: FreshEvents, at: number): number {
    const { ids, lanes, totals: { now } } = this.#parts
    const { row: [id, , lane, admission, received, problems] } = arrival
    if (problems === null && fresh.hasInvalid(id)) fresh.flush() // it gives way as if it had come before
    const known = fresh.has(id) ? NO_SEQ : ids.find(id)
    const old = known === undefined ? undefined : this.#givingWay(known, problems === null)
    if (known !== undefined && old === undefined) return Added.duplicate
    const count = admission === Admission.invalid ? 'invalid' : 'pending'
    if (now[count] >= this.#maxBacklog || (problems !== null && now.invalid >= this.#maxBacklog)) return Added.full
    if (old !== undefined) {
      this.#remove([old])
      now.stale++ // the index may have it
    }
    now[count]++
    if (problems === null) now.received = Math.max(now.received, received)
    if (admission === Admission.invalid) {
      fresh.insert(arrival, State.invalid)
      return Added.stored
    }
    const collectAfter = arrival.row[COLLECT_AFTER]
    if (collectAfter !== undefined && !lanes.has(lane)) {
      fresh.insertCollected(arrival, Math.min(received, at) + collectAfter)
      return Added.stored
    }
    if (admission === Admission.live && !lanes.has(lane)) return fresh.insert(arrival, State.live)
    fresh.insert(arrival, State.waiting)
    const isCheckedOut = admission === Admission.checkedOut
    return lanes.add(lane, isCheckedOut ? null : READY) && isCheckedOut ? Added.checkedOut : Added.stored
  }

  /** The stored event, if it is dead, or invalid and the new one `fits`: then the new one is no repeat, and takes its place. */
  #givingWay (seq: number, fits: boolean): RemovedRow | undefined {
    const row = this.#statements.find.get(seq)
    return row?.state === State.dead || (row?.state === State.invalid && fits) ? row : undefined
  }

  /** Events that were delivered at their first attempt. One whose outcome is recorded already does not change. */
  done (seqs: readonly number[], at: number): void {
    if (seqs.length === 0) return
    const { now } = this.#parts.totals
    const count = Number(this.#statements.done.run(at, JSON.stringify(seqs)).changes)
    now.pending -= count
    now.done += count
  }

  /** Events whose delivery was more than that. */
  settle (failed: Failed, at: number): void {
    const { retry, end } = this.#statements
    const { seq, state, attempts, due, completed, error, delivery, aside = false, collects = false, lane } = failed
    if (collects) {
      this.#collect(failed)
      return
    }
    if (state === 'pending') {
      retry.run(attempts, due, completed, error, at, aside ? 1 : 0, delivery, seq)
      if (lane !== undefined) this.#leave(seq, lane, due)
      return
    }
    if (end.run(State[state], attempts, at, completed, error, delivery, seq).changes === 0) return
    const { now } = this.#parts.totals
    now.pending--
    now[state]++
  }

  /** From now on it is in another lane. */
  #leave (seq: number, lane: string, due: number | null): void {
    if (this.#statements.leave.run(lane, seq, lane).changes > 0) this.#parts.lanes.add(lane, due ?? READY)
  }

  /** From now on it waits for collectors, if it did not before. */
  #collect ({ seq, due, completed, error, delivery, stays = false, lane }: Failed): void {
    const { collect, stay, leave } = this.#statements
    if (stays && lane === undefined && stay.run(completed, error, delivery, seq).changes > 0) return
    if (collect.run(due, completed, error, lane === undefined ? 0 : 1, delivery, seq).changes === 0 || lane === undefined) return
    leave.run(lane, seq, lane)
    this.#parts.lanes.collect(lane, Number(due))
  }
}

function prepare (db: DatabaseSync) {
  const deliveries = `deliveries = substr(coalesce(deliveries, '') || ?, -${MOST_KEPT})`
  const pending = `state IN (${State.live}, ${State.waiting})`
  // One that has ended the process may do so again; and so may a burst behind one that waits for another collector.
  const strong = `iif(trial = ${Trial.interrupted}, ${Trial.strong}, NULL)`
  return {
    done: db.prepare(`UPDATE events SET state = ${State.done}, attempts = 1, finished = ?, trial = NULL, error = NULL
      WHERE seq IN (SELECT value FROM json_each(?)) AND ${pending}`),
    retry: db.prepare(`UPDATE events SET attempts = ?, due = ?, completed = ?, error = ?, since = coalesce(since, ?),
      home = iif(?, coalesce(home, lane), home), trial = ${strong}, ${deliveries} WHERE seq = ? AND ${pending}`),
    leave: db.prepare(`UPDATE events SET lane = ?, state = ${State.waiting} WHERE seq = ? AND lane <> ? AND ${pending}`),
    // One of its collectors has failed, and was not called again: the others change nothing of that.
    stay: db.prepare(`UPDATE events SET completed = ?, error = coalesce(?, error), trial = ${strong}, ${deliveries} WHERE seq = ? AND since IS NOT NULL AND ${pending}`),
    // With all its attempts.
    collect: db.prepare(`UPDATE events SET attempts = 0, due = ?, completed = ?, error = ?, since = NULL, home = coalesce(home, lane),
      trial = iif(?, NULL, ${strong}), ${deliveries}
      WHERE seq = ? AND ${pending}`),
    end: db.prepare(`UPDATE events SET state = ?, attempts = ?, due = NULL, finished = ?, completed = ?, error = ?, trial = NULL, ${deliveries}
      WHERE seq = ? AND ${pending}`),
    find: select<RemovedRow>(db, 'SELECT seq, state FROM events WHERE seq = ?')
  }
}
