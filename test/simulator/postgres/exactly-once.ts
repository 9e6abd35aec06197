import { idOf } from '../../../lib/inbox/postgres/ids.ts'
import { LeasedClaim } from '../../../lib/inbox/postgres/leased-claim.ts'
import type { PostgresQuery } from '../../../lib/inbox/postgres/pool.ts'
import { State } from '../../../lib/inbox/postgres/sql/states.ts'
import type { Run } from '../ledger-entries.ts'
import type { Life } from '../life.ts'
import { listenersOf } from '../listeners.ts'
import type { World } from '../world.ts'
import type { LeaseWatch } from './lease-watch.ts'
import type { Noted, Tables, Transaction } from './tables.ts'

interface Parts {
  readonly world: World
  readonly tables: Tables
  readonly watch: LeaseWatch
  readonly completing: readonly string[]
}

/**
 * An event that is posted again after it was dead, or replayed for all its listeners, is another one as far as its listeners are concerned.
 * Each of these has a number: the `seq` that it had at first. It has one row of each listener at most, and one exactly if it is done.
 */
export class ExactlyOnce {
  readonly #world: World
  readonly #tables: Tables
  readonly #watch: LeaseWatch
  readonly #completing: readonly string[]
  /** By `seq`: a replay for some listeners gives another one. */
  readonly #firstSeqs = new Map<number, number>()
  /** Of events that are replayed for some listeners, by id. */
  readonly #kept = new Map<string, number>()
  /** By what they insert. */
  readonly #runs: Run[] = []
  /** Rows that are committed, by event and listener: the number of the commit. */
  readonly #rows = new Map<string, number>()
  #commits = 0
  /** By claims, how many commits there were before. */
  readonly #claims = new Map<string, number>()
  /** Events and listeners that have committed when the event was replayed for all already: that completes it once more. */
  readonly #stray = new Set<string>()

  constructor ({ world, tables, watch, completing }: Parts) {
    this.#world = world
    this.#tables = tables
    this.#watch = watch
    this.#completing = completing
  }

  /** To be called before the server runs a statement of an inbox. */
  before ({ text, values }: PostgresQuery): void {
    const { finished, lanes, now } = this.#tables
    if (text.includes('.turn(') && [...lanes.values()].some(({ lane, due, claim }) => due <= now && claim !== null && this.#tables.isLocked(lane))) {
      this.#world.count('completeIn: a lease has run out, and a transaction keeps the lane')
    }
    if (!text.includes('.replay(')) return
    const [ids, all] = values as [Buffer[], boolean] // as views.ts sends them
    for (const { id, seq } of this.#tables.eventsOf(ids.map((id) => id.toString('hex')))) {
      if (finished.get(seq)?.state === State.dead && !all) this.#kept.set(id, this.#firstSeqOf(seq))
    }
  }

  /** And after it. */
  after (life: Life, { text, values }: PostgresQuery): void {
    for (const { id, seq } of this.#tables.events.values()) if (!this.#firstSeqs.has(seq)) this.#firstSeqs.set(seq, this.#kept.get(id) ?? seq)
    this.#kept.clear()
    if (text.includes('.turn(')) this.#claims.set(claimKey(life, Number(values?.[CLAIM])), this.#commits)
  }

  /** Returns what it inserts. */
  began (run: Run): string {
    const { life, listener, event: { id }, claim: { claim } } = run
    const commit = this.#rows.get(this.#keyOf(run))
    const claimed = claim instanceof LeasedClaim ? this.#claims.get(claimKey(life, claim.number)) : undefined
    if (commit !== undefined && commit <= Number(claimed)) this.#violate(`${listener} is called for ${this.#nameOf(id)} again, and its transaction was committed before that was claimed`)
    else if (commit !== undefined) this.#world.count('completeIn: a listener is called that has committed after the claim')
    return String(this.#runs.push(run) - 1)
  }

  /** A listener is about to be through. */
  completes ({ id, listener, by: { holder, claim, lane } }: Noted): void {
    const row = this.#tables.lanes.get(lane)
    if (row?.holder !== holder || row.claim !== claim) this.#violate(`${listener} completes ${this.#nameOf(idOf(id))} with a claim that its lane does not have any more`)
  }

  committed ({ inserted, noted }: Transaction): void {
    this.#commits++
    for (const number of inserted) {
      const run = this.#runs[Number(number)]
      if (run !== undefined) this.#judgeRow(run, noted)
    }
  }

  #judgeRow (run: Run, noted: readonly Noted[]): void {
    const { listener, event: { id, seq } } = run
    const name = this.#nameOf(id)
    const key = this.#keyOf(run)
    if (!noted.some((noted) => this.#firstSeqOf(noted.seq) === this.#firstSeqOf(seq))) this.#violate(`${listener} was called for ${name}, and has completed it as it was posted or replayed after that`)
    if (noted.some(({ by }) => this.#watch.isTakenOver(by))) this.#violate(`${listener} has committed for ${name}, and another process has taken its lane over`)
    if (this.#rows.has(key)) this.#violate(`${listener} has committed a second row for ${name}`)
    this.#world.count('completeIn: committed')
    this.#world.say(() => `    ${listener} is through with ${name}, in a transaction`)
    this.#rows.set(key, this.#commits)
    this.#world.ledger.committed(run)
    const stored = [...this.#tables.events.values()].find((event) => idOf(event.id) === id)
    if (stored !== undefined && this.#firstSeqOf(stored.seq) === this.#firstSeqOf(seq)) return
    this.#world.count('completeIn: committed, and the event is gone, or another one')
    if (noted.some(({ born }) => born === stored?.born)) this.#stray.add(`${id} ${listener}`)
  }

  /** At the end. */
  judge (): void {
    const { settings, ledger } = this.#world
    for (const { seq, state } of this.#tables.finished.values()) {
      const id = idOf(this.#tables.events.get(seq)?.id)
      if (state !== State.done || this.#world.isInvalid(id)) continue
      for (const listener of listenersOf(settings, false).filter((name) => this.#completing.includes(name))) {
        // What outlives its time is known by the event's id, for what was stored by then.
        const mayBeLeftOut = this.#stray.has(`${id} ${listener}`) || ledger.wasLate({ id, seq }, listener)
        if (!this.#rows.has(rowKey(this.#firstSeqOf(seq), listener)) && !mayBeLeftOut) this.#violate(`${this.#nameOf(id)} is done, and ${listener} has no row for it`)
      }
    }
  }

  #keyOf ({ event: { seq }, listener }: Run): string {
    return rowKey(this.#firstSeqOf(seq), listener)
  }

  #firstSeqOf (seq: number): number {
    return this.#firstSeqs.get(seq) ?? seq
  }

  #nameOf (id: string): string {
    return this.#world.nameOf(id)
  }

  #violate (text: string): void {
    this.#world.violate('exactly-once', text)
  }
}

/** The place of a claim's number among the values of a turn, as deliveries.ts sends them. */
const CLAIM = 20

function claimKey (life: Life, claim: number): string {
  return `${life.number} ${claim}`
}

function rowKey (firstSeq: number, listener: string): string {
  return `${firstSeq} ${listener}`
}
