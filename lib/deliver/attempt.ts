import type { ClaimedEvent, DeliveryRecord } from '../inbox/inbox.ts'
import type { DeliveryMessage, ListenerRun } from '../observe/channels.ts'
import type { DeliveryContext } from '../webhooks/context.ts'
import type { Collector } from '../webhooks/collectors.ts'
import type { ListenerFunction } from '../webhooks/listener-function.ts'
import { namesOf } from './listeners.ts'
import type { ListenerKeys } from './listeners.ts'
import type { ListenerEnd } from './listener-end.ts'

/** One attempt to deliver an event, or a burst of events as one. */
export interface Attempt {
  /** Of a burst, the first one: what is decided for it goes for all. */
  readonly event: ClaimedEvent
  /** All of them. */
  readonly events: readonly ClaimedEvent[]
  /** What listeners get first. */
  readonly given: unknown
  /** What the inbox remembers listeners of `invalid` by. */
  readonly keys?: readonly string[] | undefined
  /** Of a burst: what the inbox remembers its collector by. */
  readonly collector?: string
  /** The lane of the claim. */
  readonly lane: string
  /** Who is to have the event once its listeners are through. */
  readonly collectors: readonly Collector[]
  readonly context: DeliveryContext
  readonly listeners: readonly ListenerFunction[]
  readonly skipped: Skipped
  /** By the clock of `performance`. */
  readonly start: number
  /** For those who want to know of it, if there are any. */
  readonly message: DeliveryMessage | undefined
}

/** The listeners that are not called again, by their places. */
interface Skipped {
  readonly completed: ReadonlySet<number>
  readonly refused: ReadonlySet<number>
}

const NOBODY: ReadonlySet<number> = new Set()
const NONE: readonly never[] = []
/** Most events are delivered once. */
export const NOTHING_SKIPPED: Skipped = { completed: NOBODY, refused: NOBODY }

/** Whether any listener may not be called again: of most events there is none, and they need not be known by their keys. */
export function hasSkipped ({ completed, refused = NONE }: ClaimedEvent): boolean {
  return completed.length + refused.length > 0
}

/** `known` are the keys of its listeners. */
export function skippedOf ({ completed, refused = NONE }: ClaimedEvent, known: readonly string[]): Skipped {
  const placesOf = (names: readonly string[]) => new Set(names.map((name) => known.indexOf(name)).filter((index) => index !== -1))
  return { completed: placesOf(completed), refused: placesOf(refused) }
}

export function isSkipped ({ completed, refused }: Skipped, index: number): boolean {
  return completed.has(index) || refused.has(index)
}

/** What the inbox remembers the listeners of an attempt by. */
export function keysOf ({ keys, collector, listeners }: Attempt, all: ListenerKeys): readonly string[] {
  return collector === undefined ? keys ?? all.of(listeners) : [collector]
}

/** What this process remembers those at work in an attempt by: a function may be a listener and a collector, of the same event. */
export function workOf ({ event: first, collector }: Attempt, event = first): string {
  return collector === undefined ? event.id : workOfCollector(collector, event)
}

/** The same by each of its events, with the numbers of these: the first ones may be gone when others come again. */
export function worksOf ({ event, events, collector }: Attempt): Map<string, number> {
  if (collector === undefined) return new Map([[event.id, event.seq]])
  return new Map(events.map((each) => [workOfCollector(collector, each), each.seq]))
}

/** The same of a burst in which this event is. */
export function workOfCollector (key: string, { id }: ClaimedEvent): string {
  return `${key} ${id}`
}

/** What is kept of an attempt. Of listeners that returned at once and did not fail, it is not known when they ended. */
export function recordOf (attempt: Attempt, ends: readonly ListenerEnd[]): DeliveryRecord {
  const { event, listeners, skipped, start } = attempt
  const duration = performance.now() - start
  const runs = runsOf(attempt, ends).filter(({ error }) => error !== null)
  const failed = new Set(runs.map(({ name }) => name))
  return {
    attempt: event.attempt,
    startedAt: new Date(Date.now() - duration),
    duration: rounded(duration),
    completed: namesOf(listeners).filter((name, index) => !isSkipped(skipped, index) && !failed.has(name)),
    failures: runs.map(({ name, duration, error }) => ({ listener: name, duration: rounded(duration), error: String(error?.message) }))
  }
}

export function runsOf ({ listeners, start }: Attempt, ends: readonly ListenerEnd[]): ListenerRun[] {
  return namesOf(listeners).flatMap((name, index) => ends
    .filter((end) => end.index === index)
    .map(({ at, failure }) => ({ name, duration: at - start, error: failure?.error ?? null })))
}

/** To microseconds. */
function rounded (milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000
}
