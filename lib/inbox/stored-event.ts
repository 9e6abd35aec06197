import type { UnknownEvent } from '../events/schemas.ts'

/** `pending`: to be delivered. `done`: delivered. `dead`: given up. `invalid`: not of its schema, and no listener wanted it so. */
export type EventState = 'pending' | 'done' | 'dead' | 'invalid'

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
  /** Whether a pending event has left its conversation, and is tried beside it: nothing waits for it. @default false */
  isAside?: boolean
  /** Whether a pending event waits for collectors, all other listeners being through with it: until `dueAt` for more of its conversation. @default false */
  isCollected?: boolean
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

export interface PageOptions {
  state?: EventState | undefined
  /**
   * At most this many events, 1 to 1 000. There may be fewer although there are more: of bodies, a page has no more than some MiB.
   * The last page is the one that is empty. @default 100
   */
  limit?: number | undefined
  /** Only events with a smaller `seq`: the last one of the page before. */
  before?: number | undefined
}

export interface ListOptions extends PageOptions {
  /** Only those of this conversation, or of what the `lane` option makes of it. */
  conversation?: string | undefined
}

/** What is looked for: all of it has to be true of an event. */
export interface EventFilter {
  readonly state?: EventState | undefined
  /** Only pending events that have failed at least once. @default false */
  readonly failing?: boolean | undefined
  readonly name?: string | undefined
  /** The conversation, or what the `lane` option makes of it. An event without one is not found by it. */
  readonly conversation?: string | undefined
  /** Came in at this time, or later. */
  readonly since?: Date | undefined
  /** Came in before this time. */
  readonly until?: Date | undefined
  /** The first characters of the id, 6 at least. */
  readonly id?: string | undefined
  /** A part of any text or number in the event, of its name, its conversation or its errors, in capitals or not; or the beginning of its id. */
  readonly text?: string | undefined
}

export interface FindOptions extends EventFilter {
  /** At most this many, 1 to 1 000. @default 100 */
  readonly limit?: number | undefined
  /** Only events with a smaller `seq`: `before` of the answer before. */
  readonly before?: number | undefined
  /** `events` is empty, and `ids` says which fit: far quicker if it is many. @default false */
  readonly idsOnly?: boolean | undefined
}

/** What a part of the inbox had. */
export interface Found {
  /** Those that fit, newest first. */
  readonly events: readonly StoredEvent[]
  /** The ids of those that fit. */
  readonly ids: readonly string[]
  /** How many events were looked at for it. What an index passes over is not counted. */
  readonly scanned: number
  /** Where to go on: there may be more, also if nothing was found. null if there is no more. */
  readonly before: number | null
}

export interface ReplayOptions {
  /** A dead event is delivered again to all of its listeners, and not only to those that failed. @default false */
  all?: boolean | undefined
}
