import type { ClaimedEvent, Outcome } from '../inbox/inbox.ts'
import type { Collector } from '../webhooks/collectors.ts'
import { keysOf } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { quietAt } from './burst.ts'
import type { KeyedCollector } from './burst.ts'
import type { ListenerKeys } from './listeners.ts'
import type { WaitingBursts } from './waiting-bursts.ts'

const NONE: readonly never[] = []

/** Those of the collectors of an event that are to have it still. */
export function collectorsLeft ({ completed, refused = NONE }: ClaimedEvent, collectors: readonly Collector[], keys: ListenerKeys): KeyedCollector[] {
  if (collectors.length === 0) return []
  const all = keys.ofCollectors(collectors)
  return collectors.map((collector, i) => ({ collector, key: String(all[i]) })).filter(({ key }) => !completed.includes(key) && !refused.includes(key))
}

/** What becomes of an event whose listeners are through, one way or another: it waits for the collectors that have not had it. */
export function waitingFor (attempt: Attempt, outcome: Outcome, { keys, waiting }: { keys: ListenerKeys, waiting: WaitingBursts }): Outcome {
  const { event, collectors, lane, listeners } = attempt
  if (outcome.state === 'pending') return outcome
  const left = collectorsLeft(event, collectors, keys)
  if (left.length === 0) return outcome
  const own = keysOf(attempt, keys)
  const earlier = event.refused ?? NONE
  const succeeded = outcome.state === 'done' ? [...event.completed, ...own.filter((key) => !earlier.includes(key))] : outcome.completed
  const completed = [...new Set(succeeded)]
  const isFull = waiting.isFull(lane, Math.min(...left.map(({ collector: { most } }) => most)))
  return {
    seq: event.seq,
    state: 'pending',
    collects: true,
    dueAt: isFull ? Date.now() : Math.min(...left.map(({ collector: { quiet } }) => quietAt(event, quiet))),
    completed,
    // Nobody calls them again, and in the end it is dead of them.
    refused: [...new Set([...earlier, ...outcome.refused ?? NONE, ...own])].filter((key) => !completed.includes(key)),
    error: outcome.error,
    ...listeners.length > 0 && outcome.delivery !== undefined && { delivery: outcome.delivery }
  }
}
