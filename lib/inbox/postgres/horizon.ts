// Only PostgreSQL: whoever has an old snapshot keeps deleted rows from being cleared away.
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from './database.ts'
import type { Row } from './query.ts'
import { blockerOf, BLOCKERS, describe } from './vacuum-blockers.ts'
import type { Blocker } from './vacuum-blockers.ts'

/** In milliseconds. */
interface Times {
  /** Between two looks. */
  readonly every: number
  /** Before the first warning. */
  readonly warnAfter: number
  /** Between two warnings. */
  readonly warnAgain: number
}

const TIMES: Times = { every: 10_000, warnAfter: 60_000, warnAgain: 600_000 }

interface Parts {
  readonly database: Database
  readonly log: FastifyBaseLogger
  readonly times?: Times
}

/** A blocker that was seen. */
interface Seen {
  readonly blocker: Blocker
  readonly xid: string | null
  readonly xmin: string | null
  /** It has blocked VACUUM since then at least, by this process's clock. */
  readonly since: number
}

/**
 * Watches who keeps the server from vacuuming. A deleted row stays as long as somebody may still see it: the tables grow,
 * and epochs are short meanwhile.
 */
export class Horizon {
  readonly #database: Database
  readonly #log: FastifyBaseLogger
  readonly #times: Times
  #seen: ReadonlyMap<string, Seen> = new Map()
  #isBlocked = false
  #warnedAt = -Infinity
  /** Whether the log says that VACUUM is blocked. */
  #isTold = false
  #next: NodeJS.Timeout | undefined
  #look: Promise<void> | undefined
  #closed = false

  constructor ({ database, log, times = TIMES }: Parts) {
    this.#database = database
    this.#log = log
    this.#times = times
  }

  /** Whether somebody has blocked VACUUM from one look to the next. */
  get isBlocked (): boolean {
    return this.#isBlocked
  }

  /** From the first claim on. */
  start (): void {
    if (this.#next === undefined) this.#later(0)
  }

  async close (): Promise<void> {
    this.#closed = true
    clearTimeout(this.#next)
    await this.#look
  }

  #later (delay: number): void {
    this.#next = setTimeout(() => { this.#look = this.#run() }, delay).unref()
  }

  async #run (): Promise<void> {
    try {
      this.#check(await this.#database.run(BLOCKERS))
    } catch (err) {
      this.#log.debug({ err }, 'who keeps PostgreSQL from vacuuming could not be looked up')
    }
    if (!this.#closed) this.#later(this.#times.every)
  }

  #check (rows: readonly Row[]): void {
    const now = performance.now()
    const seen = rows.map((row) => this.#again(row, now))
    this.#seen = new Map(seen.map((one) => [keyOf(one.blocker), one]))
    // What was there at the look before is about as old as the time between two looks. What is new is not old at all.
    this.#isBlocked = seen.some(({ since }) => now - since > this.#times.every / 2)
    this.#tell(seen, now)
  }

  /**
   * A snapshot that is told reaches back to a transaction that has ended. One that was taken later would not reach back so far. So if
   * its `xmin` is what it was at the last look, it is the same snapshot, and was there all the time.
   */
  #again (row: Row, now: number): Seen {
    const { xid = null, xmin = null, seconds } = row
    const blocker = blockerOf(row)
    const before = this.#seen.get(keyOf(blocker))
    const isSame = before !== undefined && ((xid !== null && xid === before.xid) || (xmin !== null && xmin === before.xmin))
    const since = now - Number(seconds) * 1_000
    return { blocker, xid, xmin, since: isSame ? Math.min(before.since, since) : since }
  }

  #tell (seen: readonly Seen[], now: number): void {
    const { warnAfter, warnAgain } = this.#times
    const long = seen.filter(({ since }) => now - since >= warnAfter).map(({ blocker, since }) => ({ ...blocker, seconds: Math.floor((now - since) / 1_000) }))
    const [first] = long
    if (first !== undefined && now - this.#warnedAt >= warnAgain) {
      this.#warnedAt = now
      this.#isTold = true
      this.#log.warn({ holders: long }, `nothing can be vacuumed in this database while ${describe(first)}: for ${first.seconds} s so far, at least`)
    }
    if (!this.#isBlocked && this.#isTold) {
      this.#isTold = false
      this.#log.info('PostgreSQL can vacuum this database again')
    }
  }
}

function keyOf ({ kind, name }: Blocker): string {
  return `${kind} ${name}`
}
