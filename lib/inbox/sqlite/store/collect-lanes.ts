// Only SQLite: in PostgreSQL, this is a part of the statement that settles (postgres/sql/settle.ts).
import type { DatabaseSync } from 'node:sqlite'
import { COLLECT, MOST_COLLECTED } from '../../sql/next-lane.ts'
import type { Due } from '../lane-owner.ts'
import { State } from './schema.ts'
import { select } from './select.ts'

/** When lanes of events that wait for collectors are due, but for those whose first event has failed: these have their own time. */
export class CollectLanes {
  readonly #statements: ReturnType<typeof prepare>
  /** Lanes that are claimed with as much as is claimed at once: what is behind that is not to be had sooner. */
  readonly #full = new Set<string>()

  constructor (db: DatabaseSync) {
    this.#statements = prepare(db)
  }

  /** Those that wait for a time. */
  waiting (): string[] {
    return this.#statements.waiting.all().map(({ lane }) => lane)
  }

  /** When a lane is due that is given back until then: what has come to it since it was claimed may be due sooner. */
  soonest (lane: string, due: Due, claimed: readonly number[]): Due {
    if (this.#full.delete(lane) || typeof due !== 'number' || !lane.startsWith(COLLECT)) return due
    return Math.min(due, this.#statements.came.get(lane, JSON.stringify(claimed))?.due ?? due)
  }

  claimed (lane: string, isFull: boolean): void {
    if (isFull && lane.startsWith(COLLECT)) this.#full.add(lane)
    else this.#full.delete(lane)
  }

  /** It is due at a time or sooner. */
  add (lane: string, due: number): void {
    this.#statements.add.run(lane, due)
  }
}

function prepare (db: DatabaseSync) {
  // The index is named, for the planner, without statistics, might go through all that waits.
  const waiting = `events INDEXED BY events_waiting WHERE state = ${State.waiting} AND lane`
  const untried = `(SELECT attempts FROM ${waiting} = lanes.lane ORDER BY seq LIMIT 1) = 0`
  return {
    waiting: select<{ lane: string }>(db, `SELECT lane FROM lanes WHERE due > 0 AND substr(lane, 1, ${COLLECT.length}) = '${COLLECT}' AND ${untried} ORDER BY due`),
    came: select<{ due: number | null }>(db, `SELECT min(due) AS due FROM
      (SELECT seq, due, first_value(attempts) OVER (ORDER BY seq) AS tried FROM ${waiting} = ? ORDER BY seq LIMIT ${MOST_COLLECTED})
      WHERE tried = 0 AND seq NOT IN (SELECT value FROM json_each(?))`),
    add: db.prepare(`INSERT INTO lanes VALUES (?, ?) ON CONFLICT DO UPDATE SET due = excluded.due WHERE due > excluded.due AND ${untried}`)
  }
}
