// Outcomes as the function `turn` takes them. Its counterpart (sqlite/settlement.ts) gathers them until the next transaction.
import type { Outcome } from '../inbox.ts'
import { lineOf } from '../sql/delivery-records.ts'
import { nextLane } from '../sql/next-lane.ts'
import { DAMAGED, listenersJson } from '../sql/rows.ts'
import { textOrNull } from '../sql/well-formed.ts'
import type { LeasedClaim } from './leased-claim.ts'
import { LONGEST } from './sql/functions.ts'
import { State } from './sql/states.ts'

/** An event that was not done at once. */
interface FailedEvent {
  readonly seq: string
  readonly state: number
  /** Of one that waits for collectors from now on, or leaves its lane: the lane that it is in, which is the same one if it is alone there. */
  readonly lane: string | null
  /** Milliseconds until it is to be tried again. */
  readonly delay: number | null
  readonly collects: boolean
  readonly stays: boolean
  /** Whether it still runs. */
  readonly running: boolean
  readonly completed: string | null
  readonly error: string | null
  /** A line for its records, or nothing. */
  readonly delivery: string
}

/** What is to be recorded of a claim. */
export interface Settlement {
  readonly claim: LeasedClaim
  /** The lane's `adds`, if all is through that was pending with that. */
  readonly adds: string | null
  /** The same, if its events wait for collectors. */
  readonly burst: string | null
  /** The events that were done at once. */
  readonly done: readonly number[]
  /** Milliseconds until the lane is due again, if it is to wait. */
  readonly delay: number | null
  readonly failed: readonly FailedEvent[]
  /** Whether it was sent before, and may have been recorded already. */
  again: boolean
}

export function settlementOf (claim: LeasedClaim, outcomes: readonly Outcome[], dueAt: number | null = null): Settlement {
  const failed = failedOf(claim, outcomes)
  const waiting = failed.filter(({ state, lane }) => state === State.pending && (lane ?? claim.lane) === claim.lane)
  const isThrough = !claim.hasMore && waiting.length === 0 && outcomes.length === claim.events.length
  const damaged = claim.damaged.map((seq): FailedEvent => ({ ...GONE, seq, state: State.dead, completed: null, error: DAMAGED, delivery: '' }))
  return {
    claim,
    adds: isThrough ? claim.adds : null,
    burst: claim.isCollected ? claim.adds : null,
    done: outcomes.filter(isAtOnce).map(({ seq }) => seq),
    delay: claim.isCollected ? delayUntil(dueAt) : waiting.at(-1)?.delay ?? null,
    failed: [...failed, ...damaged],
    again: false
  }
}

function isAtOnce ({ state, delivery }: Outcome): boolean {
  return state === 'done' && delivery === undefined
}

/** Of an event that is not pending any more. */
const GONE = { lane: null, delay: null, collects: false, stays: false, running: false } as const

function failedOf ({ lane, events, isCollected }: LeasedClaim, outcomes: readonly Outcome[]): FailedEvent[] {
  const firstAside = isCollected ? outcomes.findIndex(({ state, aside }) => state === 'pending' && aside === true) : undefined
  return outcomes.flatMap((outcome, i) => {
    if (isAtOnce(outcome)) return []
    const { seq, state, dueAt, completed, refused, aside = false, collects = false, stays = false, running = false, error, delivery } = outcome
    const place = { lane, home: events[i]?.home ?? null }
    const pending = {
      lane: aside || collects ? nextLane(place, String(events[firstAside ?? i]?.id), outcome) : null, delay: delayUntil(dueAt), collects, stays, running
    }
    return [{
      ...state === 'pending' ? pending : GONE,
      seq: String(seq),
      state: State[state],
      completed: listenersJson({ completed, refused }),
      error: textOrNull(error),
      delivery: delivery === undefined ? '' : lineOf(delivery)
    }]
  })
}

/**
 * As the function takes them. It counts from 1. Two claims have an event if the lane of the first was lost, and it is here again, perhaps in another lane:
 * then it counts as what the second one says, which can be held still.
 */
export function settlementColumns (settlements: readonly Settlement[]): unknown[] {
  const done = settlements.flatMap(({ done }, i) => done.map((seq) => ({ seq, by: i + 1 })))
  const bySeq = new Map<string, FailedEvent & { readonly by: number, readonly number: number }>()
  for (const [i, { claim: { number }, failed }] of settlements.entries()) {
    for (const event of failed) if (number > (bySeq.get(event.seq)?.number ?? 0)) bySeq.set(event.seq, { ...event, by: i + 1, number })
  }
  const failed = [...bySeq.values()].sort((a, b) => Number(a.seq) - Number(b.seq))
  return [
    settlements.map(({ claim }) => claim.lane),
    settlements.map(({ claim }) => claim.number),
    settlements.map(({ adds }) => adds),
    settlements.map(({ burst }) => burst),
    settlements.map(({ delay }) => delay),
    done.map(({ seq }) => seq),
    done.map(({ by }) => by),
    failed.map(({ seq }) => seq),
    failed.map(({ by }) => by),
    failed.map(({ state }) => state),
    failed.map(({ lane }) => lane),
    failed.map(({ delay }) => delay),
    failed.map(({ collects }) => collects),
    failed.map(({ stays }) => stays),
    failed.map(({ running }) => running),
    failed.map(({ completed }) => completed),
    failed.map(({ error }) => error),
    failed.map(({ delivery }) => delivery)
  ]
}

/** From now on: the time is this process's, and the server has its own. */
export function delayUntil (time: number | null): number {
  return Math.min(Math.max(0, (time ?? 0) - Date.now()), LONGEST)
}
