// Only SQLite: with PostgreSQL, adds and deliveries have a statement in flight each (postgres/adds.ts, postgres/deliveries.ts).
import { ClosingError, InboxUnavailableError } from '../../errors/errors.ts'
import type { Filled } from '../../options/check.ts'
import type { Awaitable, Claim, InboxHost, NewEvent, Outcome } from '../inbox.ts'
import { Alarm } from '../sql/alarm.ts'
import { claimedEvents } from '../sql/rows.ts'
import { unavailable } from '../unavailable.ts'
import { Adds } from './adds.ts'
import { Calls } from './calls.ts'
import { Changes } from './changes.ts'
import { Deliveries } from './deliveries.ts'
import { LiveLane } from './live-lane.ts'
import type { CallOf, ClaimedLane, Method, Results } from './messages.ts'
import type { SqliteInboxOptions } from './options.ts'
import { Settlement } from './settlement.ts'
import { StoreClient } from './store-client.ts'

/** Before what nobody waits for is written again, in milliseconds. */
const AGAIN_AFTER = 1_000

interface Parts extends Filled<SqliteInboxOptions> {
  readonly host: InboxHost
}

/**
 * Between the app and the thread of the store: one transaction is under way at a time, and all that comes up meanwhile is the next
 * one. What a transaction says about lanes is decided when it begins, for then every answer to the one before is known.
 */
export class GroupCommit {
  readonly #host: InboxHost
  readonly #client: StoreClient
  readonly #deliveries = new Deliveries()
  readonly #adds = new Adds(this.#deliveries)
  readonly #settlement = new Settlement()
  readonly #calls = new Calls()
  readonly #due: Alarm
  readonly changes: Changes
  #soon: NodeJS.Immediate | undefined
  #again: NodeJS.Timeout | undefined
  /** The transaction under way. It never rejects. */
  #flight: Promise<void> | undefined
  #turn = 0
  #closed = false

  constructor ({ path, keep, keepFailed, wait, host }: Parts) {
    this.#host = host
    this.#due = new Alarm(() => { host.wake() })
    this.changes = new Changes({
      deliveries: this.#deliveries,
      ask: async (call, apply) => await this.call(call, apply),
      tidy: async (rewrite) => await this.#client.tidy(rewrite),
      soon: () => { this.#beginSoon() }
    })
    this.#client = new StoreClient({
      opening: { path, keep, keepFailed },
      wait,
      host,
      held: () => this.#deliveries.names(),
      onChangeRequest: () => { void this.changes.carryOut() },
      onDown: () => { this.#forget() },
      onUp: (nextDue) => {
        this.#due.set(nextDue)
        this.#beginSoon()
      }
    })
  }

  /** Says whether somebody may have ended without closing the file. */
  async open (): Promise<boolean> {
    return await this.#client.open()
  }

  /** Not an async function: its promise would be a second one for each event. */
  add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    this.#check()
    this.#beginSoon()
    return this.#adds.add(event)
  }

  async call<Asked extends Method> (call: CallOf<Asked>, apply?: (result: Results[Asked]) => void): Promise<Results[Asked]> {
    this.#check()
    this.#beginSoon()
    return await this.#calls.ask(call, apply)
  }

  /** Settles when all that was settled before is written. */
  async flushed (): Promise<void> {
    await this.call({ method: 'inOrder', ids: [] }) // which does nothing but go with the next transaction
  }

  /** Half of the lanes from the store while some are due there, so that neither what is new nor what is old has to wait for the other. */
  claim (most: number): Awaitable<readonly Claim[]> {
    if (!this.#due.isDue) return this.#claimLive(most)
    const share = (most + this.#turn++ % 2) >> 1
    const claims = this.#claimLive(most - share)
    return claims.length === most ? claims : this.#claimStored(claims, most)
  }

  settle (claim: Claim, outcomes: readonly Outcome[], dueAt?: number): void {
    if (claim instanceof LiveLane) this.#settlement.settle(claim, outcomes)
    this.#deliveries.settle(claim, outcomes, dueAt)
    this.#beginSoon()
  }

  /** What is settled is written before, if that is possible, and what was asked is answered. Nothing is asked any more. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#flight
    this.#begin()
    await this.#flight
    clearImmediate(this.#soon)
    clearTimeout(this.#again)
    this.#due.clear()
    await this.#client.close()
  }

  async #claimStored (claims: readonly Claim[], most: number): Promise<readonly Claim[]> {
    try {
      await this.call({ method: 'claim', lanes: most - claims.length }, (lanes) => { for (const lane of lanes) this.#push(lane) })
    } catch (error) {
      if (claims.length === 0) throw error
    }
    return claims.concat(this.#claimLive(most - claims.length))
  }

  /** A lane of which all was removed goes back to the store, which may have more of it. */
  #claimLive (most: number): Claim[] {
    const claims = this.#deliveries.claim(most)
    if (this.#deliveries.isLeaving && this.#client.isUp && this.#again === undefined) this.#beginSoon()
    return claims
  }

  #push ({ lane, events: rows, isFollowed }: ClaimedLane): void {
    const events = claimedEvents(lane, rows, (row) => {
      this.#host.log.error({ webhook: row.id }, 'an event that is damaged in the file is not delivered')
      this.#settlement.giveUp(row)
    })
    // What has left its own lane meanwhile is in neither: it comes with the next transaction.
    this.#deliveries.checkOut(lane, events, isFollowed === false ? this.#settlement.movesTo(lane) : isFollowed)
  }

  #check (): void {
    if (this.#closed || !this.#client.isUp) throw this.#closed ? new ClosingError() : new InboxUnavailableError()
  }

  get #isAwaited (): boolean {
    return !this.#adds.isEmpty || !this.#calls.isEmpty
  }

  /** Once everything has had its turn that came in together. */
  #beginSoon (): void {
    if (this.#flight !== undefined) return
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined
      // What is delivered now may bring more to write.
      if (this.#deliveries.isReady || (this.#due.isDue && this.#again === undefined)) this.#host.wake()
      this.#begin()
    })
  }

  #begin (): void {
    const isWanted = this.#isAwaited || !this.#settlement.isEmpty || this.#deliveries.isLeaving
    if (this.#flight !== undefined || !this.#client.isUp || !isWanted) return
    this.#settlement.giveBack(this.#deliveries.giveBack())
    const [settled, adds, calls] = [this.#settlement.next(), this.#adds.next(), this.#calls.next()]
    this.#flight = this.#client.run({ kind: 'work', now: Date.now(), ...settled, adds: adds.work, calls: calls.work }).then(({ added, results, nextDue }) => {
      clearTimeout(this.#again)
      this.#again = undefined
      this.#due.set(nextDue)
      adds.answer(added)
      calls.answer(results)
    }, (error: unknown) => {
      for (const { reject } of [adds, calls]) reject(unavailable(error))
      this.#settlement.putBack(settled)
      if (this.#client.isUp) this.#tryAgain(error)
    }).finally(() => {
      this.#flight = undefined
      if (this.#again === undefined || this.#isAwaited) this.#beginSoon()
    })
  }

  /** Whoever waited is told, and what nobody waits for is written again. */
  #tryAgain (err: unknown): void {
    if (!this.#settlement.isEmpty) this.#host.log.error({ err }, 'what became of events could not be stored: it is tried again')
    this.#again ??= setTimeout(() => {
      this.#again = undefined
      this.#beginSoon()
    }, AGAIN_AFTER)
  }

  /** The store has to start again: it has what is on disk, and that is what counts. */
  #forget (): void {
    this.#settlement.giveBack(this.#deliveries.giveBack())
    this.#deliveries.forget()
    for (const { reject } of [this.#adds.next(), this.#calls.next()]) reject(new InboxUnavailableError())
  }
}
