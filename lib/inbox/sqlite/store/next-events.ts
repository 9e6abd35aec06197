// Only SQLite: in PostgreSQL, this is a part of the statement that claims (postgres/sql/claim.ts).
import type { DatabaseSync } from 'node:sqlite'
import { isAside, isCollected, MOST_COLLECTED, MOST_OF_COLLECTED } from '../../sql/next-lane.ts'
import type { ClaimedRow } from '../../sql/rows.ts'
import { State } from './schema.ts'
import { select } from './select.ts'
import { Trial } from './suspects.ts'
import type { Suspect } from './suspects.ts'

/** Of one lane, claimed at once. */
const MOST_CLAIMED = 16
/** No more events of a lane are claimed once its bodies are this long. */
const MOST_CHARACTERS = 262_144

type Row = Omit<ClaimedRow, 'aside' | 'interrupted'> & { trial: number | null }

/** What is claimed of a lane. */
export class NextEvents {
  readonly #select: ReturnType<typeof select<Row>>

  constructor (db: DatabaseSync) {
    // The index is named, for the planner, without statistics, might go through all that waits.
    this.#select = select<Row>(db, `SELECT events.seq, id, CAST(body AS TEXT) AS body, received, attempts, completed, problems,
      max(coalesce(? - since, 0), 0) AS failingFor, iif(since IS NULL, 0, max(coalesce(due - ?, 0), 0)) AS dueIn, home, trial
      FROM events INDEXED BY events_waiting JOIN bodies ON bodies.seq = events.seq
      WHERE lane = ? AND state = ${State.waiting} ORDER BY events.seq LIMIT ${MOST_COLLECTED}`)
  }

  /**
   * The next events of a lane, or its first one alone if that is a suspect. Of those that wait for collectors, all that may be handed over together:
   * `isFull` says that they were as many, or as long.
   */
  of (lane: string, now: number): { events: ClaimedRow[], isFull: boolean, suspect?: Suspect } {
    const events: ClaimedRow[] = []
    let suspect: Suspect | undefined
    let [characters, isFull] = [0, false]
    for (const { trial, ...columns } of this.#select.iterate(now, now, lane)) {
      const place = { lane, home: columns.home }
      if (trial !== null && events.length === 0) suspect = { seq: columns.seq, trial }
      events.push({ ...columns, aside: isAside(place), interrupted: trial === Trial.interrupted })
      characters += columns.body.length
      const most = suspect === undefined ? MOST_CLAIMED : 1
      const [mostEvents, mostCharacters] = isCollected(place) ? [MOST_COLLECTED, MOST_OF_COLLECTED] : [most, MOST_CHARACTERS]
      isFull = events.length >= mostEvents || characters >= mostCharacters
      if (isFull) break
    }
    return { events, isFull, ...suspect && { suspect } }
  }
}
