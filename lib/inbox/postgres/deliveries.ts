// Claims and settles with the server. Its counterpart (sqlite/deliveries.ts) has lanes in memory.
import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { ignore } from '../../errors/error-of.ts'
import { ClosingError, DeliveryLostError, InboxUnavailableError } from '../../errors/errors.ts'
import type { Claim, ClaimedEvent, Outcome, SqlStatement } from '../inbox.ts'
import { answerOf } from './claim-rows.ts'
import type { Answer } from './claim-rows.ts'
import type { Database } from './database.ts'
import { refusalOf } from './refusal.ts'
import { quoted } from './identifiers.ts'
import { IndexScan } from './index-scan.ts'
import { LeasedClaim, LeaseEnd } from './leased-claim.ts'
import { Leases } from './leases.ts'
import { Statement } from './query.ts'
import { settlementColumns, settlementOf } from './settlement.ts'
import type { Settlement } from './settlement.ts'

/** Before what could not be settled is settled again, in milliseconds. */
const AGAIN_AFTER = 1_000
/** Lanes settled in one statement at most. */
const MOST_SETTLED = 256
/** As many as `turn` has. */
const PARAMETERS = Array.from({ length: 26 }, (_, i) => `$${i + 1}`).join()

interface Parts {
  readonly database: Database
  readonly schema: string
  readonly log: FastifyBaseLogger
  /** Milliseconds. */
  readonly lease: number
  /** In so many milliseconds something is due that was not claimed; 0: more may be due now. */
  readonly onDue: (dueIn: number) => void
}

interface Asked extends PromiseWithResolvers<readonly Claim[]> {
  readonly most: number
}

/** Claims lanes and settles them. One statement is under way at a time, and does all that came up meanwhile. */
export class Deliveries {
  readonly #parts: Parts
  readonly #leases: Leases
  readonly #statement: Statement
  /** This process, to the others. */
  readonly #holder = randomUUID()
  readonly #due = new IndexScan()
  #number = 0
  #settlements: Settlement[] = []
  #asked: Asked[] = []
  /** The turn under way. It never rejects. */
  #flight: Promise<boolean> | undefined
  #soon: NodeJS.Immediate | undefined
  #again: NodeJS.Timeout | undefined
  #closing = false

  constructor (parts: Parts) {
    this.#parts = parts
    this.#leases = new Leases({ ...parts, holder: this.#holder })
    this.#statement = new Statement(`SELECT * FROM ${quoted(parts.schema)}.turn(${PARAMETERS})`)
  }

  claim (most: number): Promise<readonly Claim[]> {
    if (this.#closing) return Promise.reject(new ClosingError())
    const asked = { most, ...Promise.withResolvers<readonly Claim[]>() }
    this.#asked.push(asked)
    this.#beginSoon()
    return asked.promise
  }

  settle (claim: Claim, outcomes: readonly Outcome[], dueAt?: number): void {
    if (!(claim instanceof LeasedClaim)) return
    const settlement = settlementOf(claim, outcomes, dueAt)
    this.#settlements.push(settlement)
    for (const { running, lane } of settlement.failed) if (running) this.#leases.reserve(lane ?? claim.lane)
    this.#beginSoon()
  }

  /** To be run by an app, in a transaction of its own. */
  completion ({ seq }: ClaimedEvent, listener: string): SqlStatement {
    const claim = this.#leases.claimOf(seq)
    if (claim === undefined) throw new DeliveryLostError()
    const sql = `SELECT ${quoted(this.#parts.schema)}.complete($1::uuid, $2::bigint, $3::text, $4::bigint, $5::text)`
    return { sql, values: [this.#holder, String(claim.number), claim.lane, String(seq), listener], refusalOf }
  }

  /** Resolves when all that was settled before is recorded. */
  async flushed (): Promise<void> {
    const last = this.#settlements.at(-1)
    if (this.#flight === undefined && last === undefined) return
    const isLeft = () => this.#settlements.some((settlement) => settlement === last)
    do await this.claim(0); while (isLeft())
  }

  /** Events are gone, which may have been claimed by the turn under way. */
  async discard (seqs: ReadonlySet<number>): Promise<void> {
    await this.#flight
    this.#leases.discard(seqs)
  }

  /** If that is possible, what is settled is recorded before, and what this process has without knowing of it is given back. */
  async close (): Promise<void> {
    this.#closing = true
    clearImmediate(this.#soon)
    clearTimeout(this.#again)
    await this.#flight
    const asked = this.#asked.splice(0)
    let goesWell = true
    while (goesWell && this.#settlements.length > 0) goesWell = await this.#turn()
    for (const { resolve } of asked) resolve([])
    if (goesWell) await this.#leases.releaseAbandoned().catch(ignore) // others wait for the lease then
    await this.#leases.close()
  }

  #beginSoon (): void {
    if (this.#flight === undefined && !this.#closing) this.#soon ??= setImmediate(() => { void this.#begin() })
  }

  async #begin (): Promise<void> {
    this.#soon = undefined
    this.#flight = this.#turn()
    await this.#flight
    this.#flight = undefined
    if (this.#asked.length > 0 || (this.#settlements.length > 0 && this.#again === undefined)) this.#beginSoon()
  }

  /** Returns whether it went well. */
  async #turn (): Promise<boolean> {
    const settlements = this.#next()
    const asked = this.#asked.splice(0)
    const number = ++this.#number
    try {
      this.#apply(await this.#ask(settlements, asked, number), settlements, asked)
      return true
    } catch (error) {
      this.#leases.abandon(number)
      this.#failed(settlements, asked, error)
      return false
    }
  }

  /** What the next turn records: one claim of a lane. There may be two, if this process has lost the lane and got it again. */
  #next (): Settlement[] {
    const lanes = new Set<string>()
    const end = this.#settlements.findIndex(({ claim: { lane } }) => lanes.size === MOST_SETTLED || lanes.size === lanes.add(lane).size)
    return this.#settlements.splice(0, end === -1 ? this.#settlements.length : end)
  }

  async #ask (settlements: readonly Settlement[], asked: readonly Asked[], number: number): Promise<Answer> {
    const { database, lease, log } = this.#parts
    await this.#leases.releaseAbandoned()
    const until = new LeaseEnd(lease)
    const most = asked.reduce((sum, { most }) => sum + most, 0)
    const mayHaveSuspect = !this.#leases.hasSuspect(new Set(settlements.map(({ claim }) => claim)))
    const { since, overlap } = this.#due.begin()
    const values = [this.#holder, ...settlementColumns(settlements), this.#leases.numbers, number, mayHaveSuspect, most, lease, since, overlap]
    const onLate = () => { this.#leases.abandon(number) } // what was settled is settled again, which does no harm
    const rows = await database.run(this.#statement, values, { unlessCut: true, onLate })
    return answerOf(rows, number, until, (webhook) => { log.error({ webhook }, 'an event that is damaged in the database is not delivered') })
  }

  #apply ({ claims, lost, looked, dueIn }: Answer, settlements: readonly Settlement[], asked: readonly Asked[]): void {
    if (looked !== null) this.#due.looked(looked)
    clearTimeout(this.#again)
    this.#again = undefined
    for (const { claim, again } of settlements) {
      this.#leases.end(claim)
      if (!again) this.#warnOf(claim.events.filter(({ seq }) => lost.has(seq)))
    }
    this.#leases.begin(claims)
    const isWanted = ({ events }: LeasedClaim) => events.length > 0 && !this.#closing
    const rest = claims.filter(isWanted)
    for (const { most, resolve } of asked) resolve(rest.splice(0, most))
    for (const claim of claims) if (!isWanted(claim)) this.settle(claim, [])
    if (dueIn !== null) this.#parts.onDue(dueIn)
  }

  #warnOf (lost: readonly ClaimedEvent[]): void {
    if (lost.length === 0) return
    const webhooks = lost.map(({ id }) => id)
    this.#parts.log.warn({ webhooks }, 'these events were taken over by another process, for their lease had run out: they may be delivered twice')
  }

  #failed (settlements: readonly Settlement[], asked: readonly Asked[], err: unknown): void {
    const error = new InboxUnavailableError()
    error.cause = err
    for (const { reject } of asked) reject(error)
    if (settlements.length === 0) return
    for (const settlement of settlements) settlement.again = true
    this.#settlements = [...settlements, ...this.#settlements]
    this.#parts.log.error({ err }, 'what became of events could not be stored: it is tried again')
    if (this.#closing) return
    this.#again ??= setTimeout(() => {
      this.#again = undefined
      this.#beginSoon()
    }, AGAIN_AFTER)
  }
}
