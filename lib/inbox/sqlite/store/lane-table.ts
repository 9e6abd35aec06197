// Only SQLite: what postgres/sql/claim.ts and settle.ts do. Most lanes are never in this table (lane-owner.ts).
import type { DatabaseSync } from 'node:sqlite'
import { READY } from '../lane-owner.ts'
import type { Due, GivenBack } from '../lane-owner.ts'
import type { ClaimedLane } from '../messages.ts'
import { CollectLanes } from './collect-lanes.ts'
import { NextEvents } from './next-events.ts'
import { State } from './schema.ts'
import { select } from './select.ts'
import { Trial } from './suspects.ts'
import type { Suspects } from './suspects.ts'

/** Far enough below 0 for every lane that will ever be ready. */
const FIRST = -(2 ** 52)
/** And as far below that, for lanes whose first event is a suspect. */
const FIRST_PARKED = FIRST - 2 ** 51
/** And below that, for those whose first event is a strong suspect. */
const FIRST_STRONG = Number.MIN_SAFE_INTEGER

const PARKED = [[true, FIRST_STRONG, FIRST_PARKED], [false, FIRST_PARKED, FIRST]] as const

/**
 * The lanes that the store knows of: see lane-owner.ts. `due` is null while one is checked out; above 0 it is the time of a retry; below, the
 * lane is ready, and the number is its place in the queue. Not a time: those who are ready must not wait for a clock that was set back.
 * Below `FIRST` it is parked: its first event is a suspect, which waits for the trials of others.
 */
export class LaneTable {
  readonly #suspects: Suspects
  readonly #events: NextEvents
  readonly #collecting: CollectLanes
  #next: number
  #nextParked = FIRST_PARKED
  #nextStrong = FIRST_STRONG
  #turn = 0
  /** That of the last transaction, and of the one under way. */
  #time: number
  #now: number
  /** While all goes well there is none, and looking for one each time would cost a part of adding an event. */
  #isEmpty = false
  /** The same goes for suspect events, and for the lanes that wait for them. */
  #isCareful = false
  readonly #statements: ReturnType<typeof prepare>

  /** `time` is one at which the file was in use. */
  constructor (db: DatabaseSync, suspects: Suspects, time: number) {
    this.#suspects = suspects
    this.#time = this.#now = time
    this.#events = new NextEvents(db)
    this.#collecting = new CollectLanes(db)
    this.#statements = prepare(db)
    this.#next = (this.#statements.lastReady.get()?.due ?? FIRST) + 1
  }

  /** At the start: what memory had when the one before ended waits again, but for what it still has. */
  recover (held: readonly string[], now: number): void {
    const { checkedOut, live, stopLive, parked, checkOut } = this.#statements
    for (const { lane } of [...checkedOut.all(), ...parked.all(FIRST_STRONG, FIRST, -1)]) this.#put(lane, READY)
    for (const { lane } of live.all()) this.add(lane, READY)
    stopLive.run()
    this.follow(now, this.#time)
    for (const lane of held) checkOut.run(lane)
    this.#isCareful = true
  }

  /** At the begin of each transaction. */
  look (): void {
    this.#isEmpty = this.#statements.first.get() === undefined
    this.#isCareful &&= this.#suspects.exist() || this.#statements.parked.get(FIRST_STRONG, FIRST, 1) !== undefined
  }

  /**
   * If the clock was set back, what waits for collectors would wait for times that are far off: it is looked at now. What has failed keeps its
   * time. `before` is one at which the clock was looked at.
   */
  follow (now: number, before: number): void {
    if (now < Math.max(this.#time, before)) for (const lane of this.#collecting.waiting()) this.#put(lane, READY)
    this.#now = now
  }

  commit (): void {
    this.#time = this.#now
  }

  has (lane: string): boolean {
    return !this.#isEmpty && this.#statements.has.get(lane) !== undefined
  }

  /** Whether the lane was not there yet. */
  add (lane: string, due: Due): boolean {
    this.#isEmpty = false
    return this.#statements.add.run(lane, this.#dueOf(due)).changes === 1
  }

  /** A lane of collectors, which is due at a time or sooner. */
  collect (lane: string, due: number): void {
    this.#isEmpty = false
    this.#collecting.add(lane, due)
  }

  giveBack ({ lane, due, seqs }: GivenBack): void {
    const { stop, waits, remove } = this.#statements
    if (seqs.length > 0) stop.run(JSON.stringify(seqs))
    if (this.#isCareful) this.#suspects.giveBack(lane)
    const next = this.#collecting.soonest(lane, due, seqs)
    if (waits.get(lane) === undefined) remove.run(lane)
    else this.#put(lane, next)
  }

  /** After some of its events were removed: one that is empty is none any more, and nothing waits for the retry or the trial of what is gone. */
  shrink (lane: string): void {
    const { head, remove, awake } = this.#statements
    const first = head.get(lane)
    if (first === undefined) remove.run(lane)
    else if (first.due === null || first.attempts === 0) awake.run(this.#dueOf(READY), lane)
  }

  /** As many lanes as may be on trial are ready, of those that have waited longest for that. */
  goOn (now: number): void {
    if (!this.#isCareful) return
    for (const [isStrong, from, to] of PARKED) {
      for (const { lane } of this.#statements.parked.all(from, to, this.#suspects.room(isStrong, now))) this.#put(lane, READY)
    }
  }

  /** Half of them are retries if there are: neither they nor those that are ready wait for the others to come to an end. */
  claim (most: number, now: number): ClaimedLane[] {
    const retries = this.#statements.retries.all(now, most)
    const ready = this.#statements.ready.all(most)
    const share = (most + this.#turn++ % 2) >> 1
    const retried = retries.slice(0, Math.max(share, most - ready.length))
    return retried.concat(ready.slice(0, most - retried.length))
      .map(({ lane }) => this.#claim(lane, now))
      .filter(({ events }) => events.length > 0)
  }

  #claim (lane: string, now: number): ClaimedLane {
    const { checkOut, remove } = this.#statements
    const { events, isFull, suspect } = this.#events.of(lane, now)
    if (suspect !== undefined && !this.#suspects.try(suspect, now)) {
      this.#statements.park.run(suspect.trial === Trial.strong ? this.#nextStrong++ : this.#nextParked++, lane)
      return { lane, events: [], isFollowed: false }
    }
    this.#collecting.claimed(lane, isFull)
    if (events.length > 0) checkOut.run(lane)
    else remove.run(lane) // all of it was settled when the thread before ended
    const home = events[0]?.home ?? lane
    return { lane, events, isFollowed: suspect === undefined ? home !== lane && this.has(home) : null }
  }

  /** When one can be claimed: 0 or less is now. */
  nextDue (): number | null {
    return this.#statements.nextDue.get()?.due ?? null
  }

  #put (lane: string, due: Due): void {
    this.#isEmpty = false
    this.#statements.put.run(lane, this.#dueOf(due))
  }

  #dueOf (due: Due): number | null {
    return due === READY ? this.#next++ : due
  }
}

interface Lane {
  lane: string
}

interface DueRow {
  due: number | null
}

function prepare (db: DatabaseSync) {
  // Each index is named where the planner, without statistics, might go through all that waits.
  return {
    lastReady: select<DueRow>(db, `SELECT max(due) AS due FROM lanes WHERE due >= ${FIRST} AND due < 0`),
    checkedOut: select<Lane>(db, 'SELECT lane FROM lanes WHERE due IS NULL'),
    live: select<Lane>(db, `SELECT lane FROM events INDEXED BY events_not_done
      WHERE state = ${State.live} AND state <> ${State.done} ORDER BY seq`),
    stopLive: db.prepare(`UPDATE events INDEXED BY events_not_done SET state = ${State.waiting}
      WHERE state = ${State.live} AND state <> ${State.done}`),
    parked: select<Lane>(db, 'SELECT lane FROM lanes WHERE due >= ? AND due < ? ORDER BY due LIMIT ?'),
    park: db.prepare('UPDATE lanes SET due = ? WHERE lane = ?'),
    checkOut: db.prepare('UPDATE lanes SET due = NULL WHERE lane = ?'),
    first: db.prepare('SELECT 1 FROM lanes LIMIT 1'),
    has: db.prepare('SELECT 1 FROM lanes WHERE lane = ?'),
    add: db.prepare('INSERT INTO lanes VALUES (?, ?) ON CONFLICT DO NOTHING'),
    put: db.prepare('INSERT INTO lanes VALUES (?, ?) ON CONFLICT DO UPDATE SET due = excluded.due'),
    remove: db.prepare('DELETE FROM lanes WHERE lane = ?'),
    stop: db.prepare(`UPDATE events SET state = ${State.waiting} WHERE seq IN (SELECT value FROM json_each(?)) AND state = ${State.live}`),
    waits: db.prepare(`SELECT 1 FROM events INDEXED BY events_waiting WHERE lane = ? AND state = ${State.waiting} LIMIT 1`),
    head: select<DueRow & { attempts: number }>(db, `SELECT due, attempts FROM events INDEXED BY events_waiting WHERE lane = ? AND state = ${State.waiting} ORDER BY seq LIMIT 1`),
    awake: db.prepare(`UPDATE lanes SET due = ? WHERE lane = ? AND (due > 0 OR due < ${FIRST})`),
    retries: select<Lane>(db, 'SELECT lane FROM lanes WHERE due > 0 AND due <= ? ORDER BY due LIMIT ?'),
    ready: select<Lane>(db, `SELECT lane FROM lanes WHERE due >= ${FIRST} AND due < 0 ORDER BY due LIMIT ?`),
    nextDue: select<DueRow>(db, `SELECT due FROM lanes WHERE due >= ${FIRST} ORDER BY due LIMIT 1`)
  }
}
