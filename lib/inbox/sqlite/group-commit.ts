import { BacklogFullError, ClosingError, InboxUnavailableError } from '../../errors/errors.ts'
import type { Filled } from '../../options/check.ts'
import type { Awaitable, Claim, InboxHost, NewEvent, Outcome } from '../inbox.ts'
import { Alarm } from '../sql/alarm.ts'
import { takenEvents } from '../sql/rows.ts'
import { wellFormed } from '../sql/well-formed.ts'
import type { PendingAdd } from './adds.ts'
import { Changes } from './changes.ts'
import { LiveLanes } from './live-lanes.ts'
import { Taken } from './messages.ts'
import type { Call, Done, Results, TakenLane } from './messages.ts'
import type { SqliteInboxOptions } from './options.ts'
import { Pace } from './pace.ts'
import { StoreClient } from './store-client.ts'
import { TransactionQueue } from './transaction-queue.ts'
import type { Batch } from './transaction-queue.ts'

/** Before what nobody waits for is written again, in milliseconds. */
const AGAIN_AFTER = 1_000
const NONE: readonly never[] = []

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
  readonly #lanes = new LiveLanes()
  readonly #queue = new TransactionQueue()
  /** For when a lane of the store becomes due. */
  readonly #due: Alarm
  readonly #pace: Pace
  readonly changes: Changes
  #again: NodeJS.Timeout | undefined
  /** The transaction under way. It never rejects. */
  #flight: Promise<void> | undefined
  #turn = 0
  #closed = false

  constructor ({ path, keep, keepFailed, wait, host }: Parts) {
    this.#host = host
    this.#due = new Alarm(() => { host.wake() })
    this.#pace = new Pace({
      prepare: () => { if (this.#lanes.isReady || (this.#due.isDue && this.#again === undefined)) host.wake() },
      waiting: () => this.#queue.size,
      begin: () => this.#begin()
    })
    this.changes = new Changes({
      lanes: this.#lanes,
      ask: async (call, apply) => await this.call(call, apply),
      tidy: async (rewrite) => await this.#client.tidy(rewrite),
      soon: () => { this.#soon() }
    })
    this.#client = new StoreClient({
      opening: { path, keep, keepFailed },
      wait,
      host,
      held: () => this.#lanes.names(),
      onAsked: () => { void this.changes.carryOut() },
      onDown: () => { this.#forget() },
      onUp: (nextDue) => {
        this.#due.set(nextDue)
        this.#soon()
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
    return new Promise((resolve, reject) => {
      this.#queue.add({ event, lane: wellFormed(event.lane), resolve, reject })
      this.#soon()
    })
  }

  /** `apply` is called with the result, in the order of the calls: before anything is claimed that the next ones may have removed. */
  async call<Method extends Call['method']> (call: Extract<Call, { method: Method }>, apply?: (result: Results[Method]) => void): Promise<Results[Method]> {
    this.#check()
    const answer = this.#queue.call(call, apply)
    this.#soon()
    return await answer
  }

  /** Half of the lanes from the store while some are due there, so that neither what is new nor what is old has to wait for the other. */
  claim (most: number): Awaitable<readonly Claim[]> {
    if (!this.#due.isDue) return this.#lanes.claim(most)
    const share = (most + this.#turn++ % 2) >> 1
    const claims = this.#lanes.claim(most - share)
    return claims.length === most ? claims : this.#take(claims, most)
  }

  settle (claim: Claim, outcomes: readonly Outcome[]): void {
    this.#queue.settle(claim, outcomes)
    this.#lanes.settle(claim, outcomes)
    this.#soon()
  }

  /** What is settled is written before, if that is possible, and what was asked is answered. Nothing is asked any more. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#flight
    this.#begin()
    await this.#flight
    this.#pace.stop()
    clearTimeout(this.#again)
    this.#due.clear()
    await this.#client.close()
  }

  async #take (claims: readonly Claim[], most: number): Promise<readonly Claim[]> {
    try {
      await this.call({ method: 'take', lanes: most - claims.length }, (taken) => { for (const lane of taken) this.#open(lane) })
    } catch (error) {
      if (claims.length === 0) throw error
    }
    return claims.concat(this.#lanes.claim(most - claims.length))
  }

  #open ({ lane, events: rows }: TakenLane): void {
    const events = takenEvents(rows, (row) => {
      this.#host.log.error({ webhook: row.id }, 'an event that is damaged in the file is not delivered')
      this.#queue.giveUp(row)
    })
    if (events.length > 0) this.#lanes.open(lane, events)
    else this.#lanes.hold(lane) // which gives it back
  }

  #soon (): void {
    if (this.#flight === undefined) this.#pace.soon()
  }

  #check (): void {
    if (this.#closed || !this.#client.isUp) throw this.#closed ? new ClosingError() : new InboxUnavailableError()
  }

  /** Returns how many events the transaction stores. */
  #begin (): number {
    if (this.#flight !== undefined || !this.#client.isUp || (this.#queue.isEmpty && !this.#lanes.isLeaving)) return 0
    const batch = this.#queue.next(this.#lanes)
    this.#flight = this.#client.run(batch.work)
      .then((done) => { this.#apply(batch, done) }, (error: unknown) => { this.#failed(batch, error) })
      .finally(() => {
        this.#flight = undefined
        if (this.#again === undefined || this.#queue.isAwaited) this.#pace.soon()
      })
    return batch.adds.length
  }

  #apply ({ adds, calls }: Batch, { added, results, nextDue }: Done): void {
    clearTimeout(this.#again)
    this.#again = undefined
    this.#due.set(nextDue)
    adds.forEach((pending, i) => { this.#added(pending, added[i]) })
    calls.forEach(({ resolve }, i) => { resolve(results[i]) })
  }

  #added ({ event, lane, resolve, reject }: PendingAdd, taken: number | undefined): void {
    if (taken === Taken.full) {
      reject(new BacklogFullError())
      return
    }
    if (taken === Taken.held || (taken === Taken.stored && this.#lanes.has(lane))) this.#lanes.hold(lane)
    if (taken !== undefined && taken >= 0) {
      const { id, name, receivedAt, body, problems } = event
      this.#lanes.push(lane, { seq: taken, id, name, event: event.event, receivedAt, attempt: 1, completed: NONE, problems, size: body.length })
    }
    resolve(taken === Taken.duplicate ? 'duplicate' : 'accepted')
  }

  #failed (batch: Batch, err: unknown): void {
    const error = new InboxUnavailableError()
    error.cause = err
    this.#queue.putBack(batch, error)
    if (!this.#client.isUp) return
    if (this.#queue.isUnsettled) this.#host.log.error({ err }, 'what became of events could not be stored: it is tried again')
    this.#again ??= setTimeout(() => {
      this.#again = undefined
      this.#soon()
    }, AGAIN_AFTER)
  }

  /** The store has to start again: it has what is on disk, and that is what counts. */
  #forget (): void {
    this.#queue.giveBack(this.#lanes.giveBack())
    this.#lanes.forget()
    this.#queue.reject(new InboxUnavailableError())
  }
}
