import type { ClaimedEvent, DeliveryRecord } from '../inbox/inbox.ts'
import type { DeliveryMessage, ListenerRun } from '../observe/channels.ts'
import type { DeliveryContext } from '../webhooks/context.ts'
import type { ListenerFunction } from '../webhooks/webhooks.ts'
import { namesOf } from './listeners.ts'
import type { ListenerKeys } from './listeners.ts'
import type { ListenerEnd } from './running-listeners.ts'

/** One attempt to deliver an event. */
export interface Attempt {
  readonly event: ClaimedEvent
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
const NOTHING_SKIPPED: Skipped = { completed: NOBODY, refused: NOBODY }

export function skippedOf ({ completed, refused = NONE }: ClaimedEvent, listeners: readonly ListenerFunction[], keys: ListenerKeys): Skipped {
  if (completed.length + refused.length === 0) return NOTHING_SKIPPED
  const known = keys.of(listeners)
  const placesOf = (names: readonly string[]) => new Set(names.map((name) => known.indexOf(name)).filter((index) => index !== -1))
  return { completed: placesOf(completed), refused: placesOf(refused) }
}

export function isSkipped ({ completed, refused }: Skipped, index: number): boolean {
  return completed.has(index) || refused.has(index)
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
