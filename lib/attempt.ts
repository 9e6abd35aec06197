import { inspect } from 'node:util'
import type { DeliveryMessage, ListenerRun } from './channels.ts'
import type { DeliveryContext } from './context.ts'
import type { ClaimedEvent, DeliveryRecord } from './inbox/inbox.ts'
import { namesOf } from './listeners.ts'
import type { ListenerEnd } from './unfinished.ts'
import type { ListenerFunction } from './webhooks.ts'

/** One attempt to deliver an event. */
export interface Attempt {
  readonly event: ClaimedEvent
  readonly context: DeliveryContext
  readonly listeners: readonly ListenerFunction[]
  /** By the clock of `performance`. */
  readonly start: number
  /** For those who want to know of it, if there are any. */
  readonly message: DeliveryMessage | undefined
}

/** The listeners that an earlier attempt has completed, by their places. */
export function completedBefore ({ event, listeners }: Attempt): Set<number> {
  const names = namesOf(listeners)
  return new Set(event.completed.map((name) => names.indexOf(name)))
}

/** What is kept of an attempt. Of listeners that returned at once and did not fail, it is not known when they ended. */
export function recordOf (attempt: Attempt, ends: readonly ListenerEnd[]): DeliveryRecord {
  const { event, listeners, start } = attempt
  const duration = performance.now() - start
  const before = completedBefore(attempt)
  const runs = runsOf(attempt, ends.filter(({ failed }) => failed))
  const failed = new Set(runs.map(({ name }) => name))
  return {
    attempt: event.attempt,
    startedAt: new Date(Date.now() - duration),
    duration: rounded(duration),
    completed: namesOf(listeners).filter((name, index) => !before.has(index) && !failed.has(name)),
    failures: runs.map(({ name, duration, error }) => ({ listener: name, duration: rounded(duration), error: messageOf(error) }))
  }
}

export function runsOf ({ listeners, start }: Attempt, ends: readonly ListenerEnd[]): ListenerRun[] {
  return namesOf(listeners).flatMap((name, index) => ends
    .filter((end) => end.index === index)
    .map(({ at, failed, cause }) => ({ name, duration: at - start, error: failed ? cause : null })))
}

export function messageOf (cause: unknown): string {
  return cause instanceof Error ? cause.message : inspect(cause, { depth: 0 }) // String() throws on some objects
}

/** To microseconds. */
function rounded (milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000
}
