// Only SQLite: what postgres/sql/claim-suspect.ts and recovering.ts do. One process only can have ended.
import type { DatabaseSync } from 'node:sqlite'
import { COLLECT } from '../../sql/next-lane.ts'
import { State } from './schema.ts'
import { select } from './select.ts'

/** Lanes that are delivered at once, unless the plugin's `concurrency` says otherwise, which nobody tells the store. */
const AT_ONCE = 64

/** What is noted of a suspect event. null: it is none. */
export const Trial = {
  suspect: 0,
  /** It is being delivered, perhaps beside others of its kind. */
  begun: 1,
  /** The process has ended while it was. */
  interrupted: 2,
  /** A process has ended while it was on trial beside others, or it has ended one already: its trials are its own. */
  strong: 3,
  /** A strong one is being delivered, with no other suspect beside it. */
  alone: 4
} as const

/** 1 if an attempt is under way that was noted before it began: it counts from then on. */
export const UNCOUNTED = `coalesce(trial IN (${Trial.begun}, ${Trial.interrupted}, ${Trial.alone}), 0)`

export interface Suspect {
  readonly seq: number
  readonly trial: number
}

/**
 * Suspects: possible poison messages. When a process has ended without closing the file, the first event of each lane that was in memory is
 * a suspect: it may have ended the process. (One before it that was done and not stored is first again.) Each is delivered without the rest
 * of its lane, with its attempt noted before, until it has ended in any way but with the process. All of it happens within a transaction of
 * the caller's.
 *
 * Far more lanes are suspect than were under way if memory was full. Then some are on trial at once. If the process ends meanwhile, none
 * of these is known to have ended it, and nothing is counted: they are strong suspects, each of which is tried with no other beside it.
 */
export class Suspects {
  readonly #statements: ReturnType<typeof prepare>
  /** So many lanes may be on trial at once. */
  #width = 1

  constructor (db: DatabaseSync) {
    this.#statements = prepare(db)
  }

  /** At the start, before anything else of it: says whether there are any, or whether somebody has ended without closing the file. */
  recover (): boolean {
    const { isClean, setClean, begun, markInterrupted, liveLanes, suspectLive, checkedOut, suspectCheckedOut } = this.#statements
    const clean = isClean.get()?.clean === 1
    setClean.run(0)
    if (!clean) {
      markInterrupted.run(begun.all().length === 1 ? Trial.interrupted : Trial.strong) // of several, nobody knows which it was
      const live = new Set(liveLanes.all().map(({ lane }) => lane))
      suspectLive.run()
      for (const { lane } of checkedOut.all()) if (!live.has(lane)) suspectCheckedOut.run(lane)
      this.#moveUp()
    }
    this.#measure()
    return !clean || this.exist()
  }

  /**
   * What waits for collectors is tried together, and more may have come in before the one that it was noted of, from beside its lane: then
   * it is noted of the first. Trials of others would wait for one that is not.
   */
  #moveUp (): void {
    const { ofCollectors, firstOf, mark } = this.#statements
    for (const [lane, suspects] of Map.groupBy(ofCollectors.all(), ({ lane }) => lane)) {
      const first = Number(firstOf.get(lane)?.seq)
      const trials = suspects.map(({ trial }) => trial)
      for (const { seq } of suspects) mark.run(null, seq)
      mark.run([Trial.interrupted, Trial.strong].find((trial) => trials.includes(trial)) ?? Trial.suspect, first)
    }
  }

  /** When the thread alone is started again: nothing has ended the process, and lanes are under way. */
  resume (underWay: readonly string[]): void {
    const { setClean, begun, endTrial } = this.#statements
    setClean.run(0)
    for (const { seq, lane } of begun.all()) if (!underWay.includes(lane)) endTrial.run(seq)
    this.#measure()
  }

  /** At the end: what is under way has not ended the process. */
  close (): void {
    const { setClean, begun, endTrial } = this.#statements
    setClean.run(1)
    for (const { seq } of begun.all()) endTrial.run(seq)
  }

  /** Its lane is given back, and it was not delivered: as if it had not been claimed. */
  giveBack (lane: string): void {
    for (const { seq } of this.#statements.begunOf.all(lane)) this.#statements.endTrial.run(seq)
  }

  #measure (): void {
    this.#width = Math.max(1, Math.ceil(Number(this.#statements.lanes.get()?.count) / AT_ONCE))
  }

  exist (): boolean {
    return this.#statements.any.get() !== undefined
  }

  /** How many more may be on trial. A strong one is alone, and goes first: but nobody waits for one that is to be tried later. */
  room (isStrong: boolean, now: number): number {
    if (!isStrong && this.#statements.strongDue.get(now) !== undefined) return 0
    return Math.max(0, (isStrong ? 1 : this.#width) - Number(this.#statements.tried.get()?.count))
  }

  /** Notes that one of them is to be delivered; says no if it has to wait for others. */
  try ({ seq, trial }: Suspect, now: number): boolean {
    if (trial === Trial.interrupted) return true // nothing runs, and it was noted before
    if (this.room(trial === Trial.strong, now) === 0) return false
    this.#statements.begin.run(seq)
    return true
  }
}

function prepare (db: DatabaseSync) {
  const { suspect, begun, interrupted, strong, alone } = Trial
  const table = 'events INDEXED BY events_suspect'
  const live = `events INDEXED BY events_not_done WHERE state = ${State.live} AND state <> ${State.done}`
  const underWay = `trial IN (${begun}, ${alone})`
  return {
    isClean: select<{ clean: number }>(db, 'SELECT clean FROM totals'),
    setClean: db.prepare('UPDATE totals SET clean = ?'),
    markInterrupted: db.prepare(`UPDATE ${table} SET trial = iif(trial = ${alone}, ${interrupted}, ?) WHERE ${underWay}`),
    liveLanes: select<{ lane: string }>(db, `SELECT DISTINCT lane FROM ${live}`),
    suspectLive: db.prepare(`UPDATE events SET trial = ${suspect} WHERE trial IS NULL AND seq IN (SELECT min(seq) FROM ${live} GROUP BY lane)`),
    checkedOut: select<{ lane: string }>(db, 'SELECT lane FROM lanes WHERE due IS NULL'),
    suspectCheckedOut: db.prepare(`UPDATE events SET trial = ${suspect} WHERE trial IS NULL AND seq IN
      (SELECT seq FROM events INDEXED BY events_waiting WHERE lane = ? AND state = ${State.waiting} ORDER BY seq LIMIT 1)`),
    ofCollectors: select<Suspect & { lane: string }>(db, `SELECT seq, trial, lane FROM ${table} WHERE trial IS NOT NULL AND substr(lane, 1, ${COLLECT.length}) = '${COLLECT}'`),
    firstOf: select<{ seq: number }>(db, `SELECT min(seq) AS seq FROM events INDEXED BY events_waiting WHERE lane = ? AND state = ${State.waiting}`),
    mark: db.prepare('UPDATE events SET trial = ? WHERE seq = ?'),
    lanes: select<{ count: number }>(db, `SELECT count(DISTINCT lane) AS count FROM ${table} WHERE trial IS NOT NULL`),
    begun: select<{ seq: number, lane: string }>(db, `SELECT seq, lane FROM ${table} WHERE ${underWay}`),
    begunOf: select<{ seq: number }>(db, `SELECT seq FROM ${table} WHERE ${underWay} AND lane = ?`),
    endTrial: db.prepare(`UPDATE events SET trial = iif(trial = ${alone}, ${strong}, ${suspect}) WHERE seq = ?`),
    any: db.prepare(`SELECT 1 FROM ${table} WHERE trial IS NOT NULL LIMIT 1`),
    tried: select<{ count: number }>(db, `SELECT count(*) AS count FROM ${table} WHERE trial IN (${begun}, ${interrupted}, ${alone})`),
    // By the lane: what waits for other collectors may be ahead of what is to be tried later.
    strongDue: db.prepare(`SELECT 1 FROM ${table} WHERE trial = ${alone}
      OR (trial = ${strong} AND NOT EXISTS (SELECT 1 FROM lanes WHERE lanes.lane = events.lane AND lanes.due > ?)) LIMIT 1`),
    begin: db.prepare(`UPDATE events SET trial = iif(trial = ${strong}, ${alone}, ${begun}) WHERE seq = ?`)
  }
}
