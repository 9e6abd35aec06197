// Outcomes as the function `turn` takes them. Its counterpart (sqlite/settlement.ts) gathers them until the next transaction.
import type { Outcome } from '../inbox.ts'
import { ASIDE, leavesLane } from '../sql/aside.ts'
import { lineOf } from '../sql/delivery-records.ts'
import { DAMAGED, listenersJson } from '../sql/rows.ts'
import { textOrNull } from '../sql/well-formed.ts'
import type { LeasedClaim } from './leased-claim.ts'
import { LONGEST } from './sql/functions.ts'
import { State } from './sql/states.ts'

interface FailedEvent {
  readonly seq: string
  readonly state: number
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
  /** The events that were done at once. */
  readonly done: readonly number[]
  /** Milliseconds until the last one is to be tried again. */
  readonly delay: number | null
  /** The lane that it is in until then, if it leaves its lane: the same one, if it is alone there. */
  readonly aside: string | null
  /** Whether it still runs. */
  readonly running: boolean
  readonly failed: readonly FailedEvent[]
  /** Whether it was sent before, and may have been recorded already. */
  again: boolean
}

export function settlementOf (claim: LeasedClaim, outcomes: readonly Outcome[]): Settlement {
  const last = outcomes.at(-1)
  const isAgain = last?.state === 'pending'
  const aside = isAgain && last.aside === true ? asideOf(claim, outcomes.length - 1, last) : null
  const isThrough = !claim.hasMore && (!isAgain || (aside !== null && aside !== claim.lane)) && outcomes.length === claim.events.length
  const failed = outcomes.filter((outcome) => !isAtOnce(outcome)).map(failedOf)
  const damaged = claim.damaged.map((seq): FailedEvent => ({ seq, state: State.dead, completed: null, error: DAMAGED, delivery: '' }))
  return {
    claim,
    adds: isThrough ? claim.adds : null,
    done: outcomes.filter(isAtOnce).map(({ seq }) => seq),
    delay: isAgain ? delayUntil(last.dueAt) : null,
    aside,
    running: isAgain && last.running === true,
    failed: [...failed, ...damaged],
    again: false
  }
}

function isAtOnce ({ state, delivery }: Outcome): boolean {
  return state === 'done' && delivery === undefined
}

function asideOf ({ lane, events }: LeasedClaim, index: number, outcome: Outcome): string {
  const id = String(events[index]?.id)
  return leavesLane(lane, id, outcome) ? ASIDE + id : lane
}

function failedOf ({ seq, state, completed, refused, error, delivery }: Outcome): FailedEvent {
  return {
    seq: String(seq),
    state: State[state],
    completed: listenersJson({ completed, refused }),
    error: textOrNull(error),
    delivery: delivery === undefined ? '' : lineOf(delivery)
  }
}

/** As the function takes them. It counts from 1. */
export function settlementColumns (settlements: readonly Settlement[]): unknown[] {
  const done = settlements.flatMap(({ done }, i) => done.map((seq) => ({ seq, by: i + 1 })))
  const failed = settlements.flatMap(({ failed }, i) => failed.map((event) => ({ ...event, by: i + 1 })))
  return [
    settlements.map(({ claim }) => claim.lane),
    settlements.map(({ claim }) => claim.number),
    settlements.map(({ adds }) => adds),
    settlements.map(({ delay }) => delay),
    settlements.map(({ aside }) => aside),
    settlements.map(({ running }) => running),
    done.map(({ seq }) => seq),
    done.map(({ by }) => by),
    failed.map(({ seq }) => seq),
    failed.map(({ by }) => by),
    failed.map(({ state }) => state),
    failed.map(({ completed }) => completed),
    failed.map(({ error }) => error),
    failed.map(({ delivery }) => delivery)
  ]
}

/** From now on: the time is this process's, and the server has its own. */
function delayUntil (time: number | null): number {
  return Math.min(Math.max(0, (time ?? 0) - Date.now()), LONGEST)
}
