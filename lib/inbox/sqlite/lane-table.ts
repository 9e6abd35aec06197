import type { DatabaseSync } from 'node:sqlite'
import type { GivenBack, TakenEvent, TakenLane } from './messages.ts'
import { State } from './schema.ts'

/** Of one lane, taken at once. */
const MOST_EVENTS = 16
/** No more events of a lane are taken once its bodies are this long. */
const MOST_BYTES = 262_144

/** The lanes that wait in the store. While one is held, its `due` is null. */
export class LaneTable {
  /** While all goes well there is none, and looking for one each time would cost a part of adding an event. */
  #isEmpty = false
  readonly #statements: ReturnType<typeof prepare>

  constructor (db: DatabaseSync) {
    this.#statements = prepare(db)
  }

  /** After the start, or the one before ended by a crash: what was live or held waits again, but for what is held still. */
  recover (now: number, held: readonly string[]): void {
    const { addLive, stopLive, freeHeld, hold } = this.#statements
    addLive.run()
    stopLive.run()
    freeHeld.run(now)
    for (const lane of held) hold.run(lane)
  }

  /** At the begin of each transaction. */
  look (): void {
    this.#isEmpty = this.#statements.first.get() === undefined
  }

  has (lane: string): boolean {
    return !this.#isEmpty && this.#statements.has.get(lane) !== undefined
  }

  /** Whether the lane was not there yet. `due` null: it is held. */
  add (lane: string, due: number | null): boolean {
    this.#isEmpty = false
    return this.#statements.add.run(lane, due).changes === 1
  }

  giveBack ({ lane, due, seqs }: GivenBack): void {
    const { stop, waits, put, remove } = this.#statements
    if (seqs.length > 0) stop.run(JSON.stringify(seqs))
    if (waits.get(lane) === undefined) {
      remove.run(lane)
      return
    }
    put.run(lane, due)
    this.#isEmpty = false
  }

  take (most: number, now: number): TakenLane[] {
    const { due, hold } = this.#statements
    return due.all(now, most).map((row) => {
      const lane = String(row.lane)
      hold.run(lane)
      return { lane, events: this.#first(lane) }
    })
  }

  #first (lane: string): TakenEvent[] {
    const events: TakenEvent[] = []
    let bytes = 0
    for (const row of this.#statements.events.iterate(lane, MOST_EVENTS)) {
      const event = row as unknown as TakenEvent // the columns of the statement
      events.push(event)
      bytes += event.body.length
      if (bytes >= MOST_BYTES) break
    }
    return events
  }

  nextDue (): number | null {
    const row = this.#statements.nextDue.get()
    return row === undefined ? null : Number(row.due)
  }
}

function prepare (db: DatabaseSync) {
  // Each index is named where the planner, without statistics, might go through all that waits.
  return {
    addLive: db.prepare(`INSERT INTO lanes SELECT lane, min(received) FROM events INDEXED BY events_not_done
      WHERE state = ${State.live} AND state <> ${State.done} GROUP BY lane ON CONFLICT DO NOTHING`),
    stopLive: db.prepare(`UPDATE events INDEXED BY events_not_done SET state = ${State.waiting}
      WHERE state = ${State.live} AND state <> ${State.done}`),
    freeHeld: db.prepare('UPDATE lanes SET due = ? WHERE due IS NULL'),
    hold: db.prepare('UPDATE lanes SET due = NULL WHERE lane = ?'),
    first: db.prepare('SELECT 1 FROM lanes LIMIT 1'),
    has: db.prepare('SELECT 1 FROM lanes WHERE lane = ?'),
    add: db.prepare('INSERT INTO lanes VALUES (?, ?) ON CONFLICT DO NOTHING'),
    put: db.prepare('INSERT INTO lanes VALUES (?, ?) ON CONFLICT DO UPDATE SET due = excluded.due'),
    remove: db.prepare('DELETE FROM lanes WHERE lane = ?'),
    stop: db.prepare(`UPDATE events SET state = ${State.waiting} WHERE seq IN (SELECT value FROM json_each(?)) AND state = ${State.live}`),
    waits: db.prepare(`SELECT 1 FROM events INDEXED BY events_waiting WHERE lane = ? AND state = ${State.waiting} LIMIT 1`),
    due: db.prepare('SELECT lane FROM lanes WHERE due <= ? ORDER BY due LIMIT ?'),
    nextDue: db.prepare('SELECT due FROM lanes WHERE due IS NOT NULL ORDER BY due LIMIT 1'),
    events: db.prepare(`SELECT events.seq, id, body, received, attempts, completed
      FROM events INDEXED BY events_waiting JOIN bodies ON bodies.seq = events.seq
      WHERE lane = ? AND state = ${State.waiting} ORDER BY events.seq LIMIT ?`)
  }
}
