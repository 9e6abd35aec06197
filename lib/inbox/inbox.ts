import type { FastifyBaseLogger } from 'fastify'
import type { UnknownEvent } from '../events.ts'

/** A value, or the promise of one. What needs no waiting is answered at once: a promise an event costs more than its check. */
export type Awaitable<T> = T | Promise<T>

/** `pending`: to be delivered. `done`: delivered. `dead`: out of attempts. `invalid`: not of its schema, and no listener wanted it so. */
export type EventState = 'pending' | 'done' | 'dead' | 'invalid'

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
}

/** A delivery of an event that did not succeed at once, or that no listener wanted. */
export interface DeliveryRecord {
  /** From 1; a replay begins anew. */
  attempt: number
  startedAt: Date
  /** Until the last of its listeners had finished, in milliseconds. */
  duration: number
  /** The listeners that succeeded in it. */
  completed: string[]
  failures: DeliveryFailureRecord[]
}

export interface DeliveryFailureRecord {
  listener: string
  /** In milliseconds. */
  duration: number
  /** What it threw, shortened. */
  error: string
}

/** An event as an inbox shows it. */
export interface StoredEvent {
  /** Grows with every event that the inbox accepts. */
  seq: number
  id: string
  name: string
  lane: string
  state: EventState
  event: UnknownEvent
  receivedAt: Date
  /** Deliveries so far. */
  attempts: number
  /** When a pending event is delivered at the earliest. */
  dueAt: Date | null
  finishedAt: Date | null
  /** What went wrong last. */
  error: string | null
  /**
   * Oldest first, the last few if there were many; a durable inbox keeps them through replays. An event that succeeded at once has none; one
   * that no listener wanted has one without listeners.
   */
  deliveries: DeliveryRecord[]
}

export interface InboxStats {
  /** To be delivered. */
  pending: number
  /** Those of them that have failed at least once. */
  failing: number
  done: number
  dead: number
  invalid: number
  oldestPendingAt: Date | null
  /** When the last event came in that was of its schema and new; null if none has. */
  lastReceivedAt: Date | null
}

export interface ListOptions {
  state?: EventState | undefined
  /** At most this many events, 1 to 1 000. @default 100 */
  limit?: number | undefined
  /** Only events with a smaller `seq`: the last one of the page before. */
  before?: number | undefined
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
  /** Those that it came in with. null also if it was replayed as it is. */
  readonly problems: readonly string[] | null
}

/** A lane that nobody else delivers until it is settled, and its next events in order (at least one). */
export interface Claim {
  readonly lane: string
  readonly events: readonly ClaimedEvent[]
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
  readonly error: string | null
  /** To be kept with the event, for those who look. Not given if it succeeded at its first attempt, unless no listener wanted it: most events leave nothing. */
  readonly delivery?: DeliveryRecord
}

/** What an inbox is given when it opens. */
export interface InboxHost {
  readonly log: FastifyBaseLogger
  /** More pending events than this, or more invalid ones: `add` throws `BacklogFullError`. */
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

  /** Takes at most so many lanes that are due and that nobody holds. */
  claim (lanes: number): Awaitable<readonly Claim[]>

  /**
   * Records what became of a claim and gives its lane back. `outcomes` are those of the claim's first events, in order: all of
   * them, or those up to the first that is to be tried again, or none. What a crash keeps from being settled is claimed again.
   */
  settle (claim: Claim, outcomes: readonly Outcome[]): Awaitable<void>

  stats (): Awaitable<InboxStats>
  /** Newest first. */
  list (options?: ListOptions): Awaitable<StoredEvent[]>
  get (id: string): Awaitable<StoredEvent | undefined>
  /**
   * Puts dead, done and invalid events back, at the end of their lanes and with all their attempts; returns how many. An invalid one
   * has no problems from then on: it is delivered as it is.
   */
  replay (ids: readonly string[]): Awaitable<number>

  /**
   * Nothing is added or claimed any more; an `add` that still waits is rejected with `ClosingError`. A durable inbox is closed
   * once the last request was answered. Others are closed before that if listeners take too long, and then once more.
   */
  close (): Awaitable<void>
}
