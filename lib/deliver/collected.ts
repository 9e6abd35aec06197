import type { ClaimedEvent, Outcome } from '../inbox/inbox.ts'
import type { Collector } from '../webhooks/collectors.ts'
import { keysOf } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { quietAt } from './burst.ts'
import type { KeyedCollector } from './burst.ts'
import type { ListenerKeys } from './listeners.ts'
import { waiting } from './outcomes.ts'
import type { WaitingBursts } from './waiting-bursts.ts'

interface Parts {
  readonly keys: ListenerKeys
  readonly waiting: WaitingBursts
}

const NONE: readonly never[] = []

export function keyed (collectors: readonly Collector[], keys: ListenerKeys): KeyedCollector[] {
  if (collectors.length === 0) return []
  const all = keys.ofCollectors(collectors)
  return collectors.map((collector, i) => ({ collector, key: String(all[i]) }))
}

/** Those of the collectors of an event that are to have it still. */
export function leftOf ({ completed, refused = NONE }: ClaimedEvent, collectors: readonly KeyedCollector[]): KeyedCollector[] {
  return collectors.filter(({ key }) => !completed.includes(key) && !refused.includes(key))
}

/** What becomes of an event whose listeners are through, one way or another: it waits for the collectors that have not had it. */
export function waitingFor (attempt: Attempt, outcome: Outcome, parts: Parts): Outcome {
  const { event, collectors, lane, listeners } = attempt
  if (collectors.length === 0 || outcome.state === 'pending') return outcome
  const left = leftOf(event, keyed(collectors, parts.keys))
  if (left.length === 0) return outcome
  const own = keysOf(attempt, parts.keys)
  const earlier = event.refused ?? NONE
  const succeeded = outcome.state === 'done' ? [...event.completed, ...own.filter((key) => !earlier.includes(key))] : outcome.completed
  const completed = [...new Set(succeeded)]
  const quiet = parts.waiting.waitOf(lane, event, left.map(({ collector }) => collector))
  return waiting({
    seq: event.seq,
    completed,
    // Nobody calls them again, and in the end it is dead of them.
    refused: [...new Set([...earlier, ...outcome.refused ?? NONE, ...own])].filter((key) => !completed.includes(key)),
    error: outcome.error,
    ...listeners.length > 0 && outcome.delivery !== undefined && { delivery: outcome.delivery }
  }, quietAt(event, quiet), quiet)
}

/** For how many milliseconds an event waits until one of its collectors may be through with waiting. */
export function leastQuiet (collectors: readonly Collector[]): number {
  return Math.min(...collectors.map(({ quiet }) => quiet))
}
