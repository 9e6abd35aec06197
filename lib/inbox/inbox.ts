import type { FastifyBaseLogger } from 'fastify'
import type { UnknownEvent } from '../events/schemas.ts'
import type { SqlStatement } from './sql-statement.ts'
import type { DeliveryRecord, FindOptions, Found, InboxStats, PageOptions, ReplayOptions, StoredEvent } from './stored-event.ts'

export type { SqlStatement } from './sql-statement.ts'
export type { DeliveryFailureRecord, DeliveryRecord, EventFilter, EventState, FindOptions, Found, InboxStats, ListOptions, PageOptions, ReplayOptions, StoredEvent } from './stored-event.ts'

/** A value, or the promise of one. What needs no waiting is answered at once: a promise an event costs more than its check. */
export type Awaitable<T> = T | Promise<T>

/** An event on its way into an inbox. */
export interface NewEvent {
  /** 32 bytes, base64url: the SHA-256 of the body, unless the `key` option says otherwise. */
  readonly id: string
  readonly name: string
  /** Events of one lane are delivered one at a time, in the order they were added. */
  readonly lane: string
  /** `invalid` is kept, and not delivered. */
  readonly state: 'pending' | 'invalid'
  /** The body as it came in, or as it was signed: what a durable inbox keeps. */
  readonly body: Uint8Array
  /** The same, parsed. */
  readonly event: UnknownEvent
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** Where the event differs from its schema: lines of text. null if it does not. A `pending` one that has some is for `invalid` listeners. */
  readonly problems: readonly string[] | null
  /**
   * For how many milliseconds it is to wait for collectors at once, as nobody else wants it: as if it had been delivered, and its outcome
   * said so (see `Outcome.collects`). If events of its lane are still in there, it is delivered after them. An inbox that keeps what waits for
   * collectors may ignore this, and others are not given it. Not given: it is delivered first.
   */
  readonly collectAfter?: number | undefined
}

/** An event whose turn it is. */
export interface ClaimedEvent {
  readonly seq: number
  readonly id: string
  readonly name: string
  readonly event: UnknownEvent
  readonly receivedAt: number
  /** The delivery that this claim is for, from 1. */
  readonly attempt: number
  /** The listeners that an earlier attempt has completed: they are not run again. */
  readonly completed: readonly string[]
  /** Those that asked not to be called again, and have failed for good: nor are they. @default none */
  readonly refused?: readonly string[] | undefined
  /** Milliseconds since it first failed, when it was claimed; since its replay, if there was one. @default 0, it has not failed */
  readonly failingFor?: number
  /** Of one that waits for collectors and has failed: in how many milliseconds it is to be tried again, when it was claimed. Others of its lane may be due sooner. @default 0 */
  readonly dueIn?: number
  /** Those that it came in with. null also if it was replayed as it is. */
  readonly problems: readonly string[] | null
  /** Whether this attempt had begun, alone, when its process ended: it counts as one that failed, and runs no listener. @default false */
  readonly interrupted?: boolean
  /** Whether it has left its lane. @default false */
  readonly isAside?: boolean
  /** If it waits for collectors (see `Outcome.collects`), the lane that it came in. Not given: it does not. */
  readonly collectedFrom?: string | undefined
  /** Whether it was discarded since it was claimed: it is not delivered any more. @default false */
  readonly isDiscarded?: boolean
}

/** A lane that nobody else delivers until it is settled, and its next events in order (at least one). */
export interface Claim {
  readonly lane: string
  readonly events: readonly ClaimedEvent[]
  /** Of events that wait for collectors: whether others of their conversation are in its own lane still, and may follow. @default false */
  readonly isFollowed?: boolean
  /**
   * For a driver whose claims run out: false once another process may have taken the lane over. Then no more of its events are
   * delivered. @default true
   */
  readonly isHeld?: boolean
}

/** What became of one claimed event. */
export interface Outcome {
  readonly seq: number
  /** `pending`: to be tried again at `dueAt`, and until then its lane waits with it. `invalid`: no listener wanted it as it is. */
  readonly state: 'done' | 'dead' | 'pending' | 'invalid'
  readonly dueAt: number | null
  readonly completed: readonly string[]
  /** Those that are not to be called again although they failed. Not given: none. */
  readonly refused?: readonly string[] | undefined
  /** A `pending` one leaves its lane, for good: what was behind it goes on, and it is tried beside it. Not given: it does not. */
  readonly aside?: boolean
  /**
   * A `pending` one has only collectors left, and waits for them in a lane that its conversation has for that, beside its own: in the old
   * order, as if it had never failed. That lane is due at `dueAt`, or sooner if it was to be; if its first event has failed, when that one
   * is. Not given: it does not wait for any.
   */
  readonly collects?: boolean
  /** One that `collects`, waited already and has failed keeps its attempts and its time. Not given: it does not. */
  readonly stays?: boolean
  /** A listener of a `pending` one still runs, as this process alone knows: while that lives, no other is to claim the lane. Not given: none does. */
  readonly running?: boolean
  readonly error: string | null
  /** To be kept with the event, for those who look. Not given if it succeeded at its first attempt, unless no listener wanted it: most events leave nothing. */
  readonly delivery?: DeliveryRecord
}

/** What an inbox is given when it opens. */
export interface InboxHost {
  readonly log: FastifyBaseLogger
  /** When so many events are pending, or as many invalid, `add` throws `BacklogFullError` for the next one. */
  readonly maxBacklog: number
  /** To be called whenever a lane may have become due; calling it too often does no harm. */
  wake (): void
}

/**
 * Where accepted events are kept. A driver keeps events, their order and their states; it does not run listeners, decide
 * about retries, check signatures or schemas, or know HTTP.
 *
 * The plugin calls `open` once, before anything else. Any method may throw or reject: the plugin answers 503 while `add` does,
 * and claims again later when `claim` or `settle` do.
 */
export interface Inbox {
  /**
   * Whether an accepted event outlives the process. If not, each event has one attempt, and it is the sender who learns
   * whether it was handled.
   */
  readonly durable: boolean

  /**
   * Of a durable inbox that is open: whether a process has ended without closing it, so that what was under way then may have been
   * what ended it. The plugin then takes requests before it claims anything. @default false
   */
  readonly isRecovering?: boolean

  /** Whether it keeps what waits for collectors: see `Outcome.collects`. If not, `app.webhooks.collect` is refused. @default false */
  readonly collects?: boolean

  open (host: InboxHost): Awaitable<void>

  /**
   * Settles when the event is safe. Durable: it survives a crash from here on. Otherwise: its listeners have finished; if
   * one of them failed it rejects with `NotDeliveredError`, and the id is forgotten. An event whose id is known is not added
   * again: it is a `duplicate` once the first one is safe. But one that is stored as dead, or as invalid while the new one has no
   * problems, gives way: it is forgotten in the same transaction, and the new one is `accepted`.
   *
   * Throws `BacklogFullError` if there are `maxBacklog` pending events already, or as many invalid ones if it is `invalid` itself, and
   * any other error if the event cannot be stored now.
   */
  add (event: NewEvent): Awaitable<'accepted' | 'duplicate'>

  /**
   * Takes at most so many lanes that are due and that nobody holds. What was in flight when a process ended without giving it back is a
   * suspect, a possible poison message: of such lanes, a process has one at a time, with one event, whose attempt is recorded before this
   * settles. Events that wait for collectors are claimed together, up to a hundred, also if the first is a suspect.
   */
  claim (lanes: number): Awaitable<readonly Claim[]>

  /**
   * Records what became of a claim and gives its lane back. `outcomes` are those of the claim's first events, in order: all of
   * them, or those up to the first that is to be tried again, or none. What a crash keeps from being settled is claimed again.
   *
   * Of a claim whose events wait for collectors, any of the outcomes may be `pending`, and the lane is due again at `dueAt`, at once if it is
   * not given. Those that go `aside` go together.
   */
  settle (claim: Claim, outcomes: readonly Outcome[], dueAt?: number): Awaitable<void>

  /**
   * Of an inbox whose events are in a database that can have an app's data as well: the statement that records, once the transaction that
   * it is run in is committed, that a listener is through with a claimed event. It fails if the claim does not count any more. Throws
   * `DeliveryLostError` if that is known already. Not there: `context.completeIn` is refused.
   */
  completion? (event: ClaimedEvent, listener: string): SqlStatement

  stats (): Awaitable<InboxStats>
  /** Newest first. */
  list (options?: PageOptions): Awaitable<StoredEvent[]>
  /**
   * Looks through a part of the inbox for what fits (see fits.ts for what that means), and says where to go on. An answer takes no longer
   * than some 50 ms and holds nothing else up, so that whoever no longer wants the next one need only not ask for it. Conversations and ids
   * are found by an index. Not there: `list` is looked through, page by page, in the app's own thread.
   */
  find? (options: FindOptions): Awaitable<Found>
  get (id: string): Awaitable<StoredEvent | undefined>
  /**
   * Puts dead, done and invalid events back, at the end of their lanes and with all their attempts; returns how many. Those of one lane
   * keep their order, whatever that of `ids` is, and one that has left its lane is in it again. A dead one is delivered to the listeners
   * that failed, unless `all`. An invalid one has no problems from then on: it is delivered as it is.
   */
  replay (ids: readonly string[], options?: ReplayOptions): Awaitable<number>
  /** Removes events, whatever their state; returns how many. What a listener is at work on is removed, too, but the listener is not stopped. */
  discard (ids: readonly string[]): Awaitable<number>
  /** Removes every event of a lane and every trace of it; returns how many events it were. Settles when nothing of them is left in the store. */
  forget (lane: string): Awaitable<number>

  /**
   * Nothing is added or claimed any more; an `add` that still waits is rejected with `ClosingError`. A durable inbox is closed
   * once the last request was answered. Others are closed before that if listeners take too long, and then once more.
   */
  close (): Awaitable<void>
}
