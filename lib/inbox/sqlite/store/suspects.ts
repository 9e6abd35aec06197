import type { DatabaseSync } from 'node:sqlite'
import type { TakenEvent } from '../../rows.ts'
import { State } from './schema.ts'

/** Of one lane that was held, so many events may have been under way. */
const MOST_OF_A_LANE = 16

/** What is noted of a suspect event. null: it is none. */
export const Trial = {
  suspect: 0,
  /** It is being delivered, alone. */
  begun: 1,
  /** The process has ended while it was. */
  interrupted: 2
} as const

/**
 * Events that may have ended a process: those that were under way, or might have been, when one ended without closing the file. Each of
 * them is delivered alone, with its attempt noted before, until it has ended in any way but with the process. All of it happens within a
 * transaction of the caller's.
 */
export class Suspects {
  readonly #statements: ReturnType<typeof prepare>

  constructor (db: DatabaseSync) {
    this.#statements = prepare(db)
  }

  /** At the start, before anything else of it: says whether there are any, or whether somebody has ended without closing the file. */
  recover (): boolean {
    const { isClean, setClean, interrupt, suspectLive, held, suspectHeld } = this.#statements
    const clean = isClean.get()?.clean === 1
    setClean.run(0)
    if (!clean) {
      interrupt.run()
      suspectLive.run()
      for (const { lane } of held.all()) suspectHeld.run(String(lane))
    }
    return !clean || this.exist()
  }

  /** When the thread alone is started again: nothing has ended the process, and lanes are under way. */
  resume (underWay: readonly string[]): void {
    const { setClean, begun, acquit } = this.#statements
    setClean.run(0)
    for (const { lane } of begun.all()) if (!underWay.includes(String(lane))) acquit.run()
  }

  /** At the end: what is under way has not ended the process. */
  close (): void {
    const { setClean, acquit } = this.#statements
    setClean.run(1)
    acquit.run()
  }

  exist (): boolean {
    return this.#statements.any.get() !== undefined
  }

  /** Whether one of them has begun and not ended yet. */
  isTrying (): boolean {
    return this.#statements.tried.get() !== undefined
  }

  /** Notes that one of them is to be delivered; says no if it has to wait for another. */
  try ({ seq, interrupted }: TakenEvent): boolean {
    if (interrupted) return true // nothing runs, and it was noted before
    if (this.isTrying()) return false
    this.#statements.begin.run(seq)
    return true
  }
}

function prepare (db: DatabaseSync) {
  const { suspect, begun, interrupted } = Trial
  const table = 'events INDEXED BY events_suspect'
  return {
    isClean: db.prepare('SELECT clean FROM totals'),
    setClean: db.prepare('UPDATE totals SET clean = ?'),
    interrupt: db.prepare(`UPDATE ${table} SET trial = ${interrupted} WHERE trial = ${begun}`),
    suspectLive: db.prepare(`UPDATE events INDEXED BY events_not_done SET trial = ${suspect}
      WHERE state = ${State.live} AND state <> ${State.done} AND trial IS NULL`),
    held: db.prepare('SELECT lane FROM lanes WHERE due IS NULL'),
    suspectHeld: db.prepare(`UPDATE events SET trial = ${suspect} WHERE trial IS NULL AND seq IN
      (SELECT seq FROM events INDEXED BY events_waiting WHERE lane = ? AND state = ${State.waiting} ORDER BY seq LIMIT ${MOST_OF_A_LANE})`),
    begun: db.prepare(`SELECT lane FROM ${table} WHERE trial = ${begun}`),
    acquit: db.prepare(`UPDATE ${table} SET trial = ${suspect} WHERE trial = ${begun}`),
    any: db.prepare(`SELECT 1 FROM ${table} WHERE trial IS NOT NULL LIMIT 1`),
    tried: db.prepare(`SELECT 1 FROM ${table} WHERE trial >= ${begun} LIMIT 1`),
    begin: db.prepare(`UPDATE events SET trial = ${begun} WHERE seq = ?`)
  }
}
