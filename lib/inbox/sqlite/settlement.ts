// Outcomes of all claims until the next transaction. Its counterpart (postgres/settlement.ts) makes columns of those of one statement.
import type { Outcome } from '../inbox.ts'
import { lineOf } from '../sql/delivery-records.ts'
import { nextLanes } from '../sql/next-lane.ts'
import { DAMAGED, listenersJson } from '../sql/rows.ts'
import type { ClaimedRow, LiveEvent } from '../sql/rows.ts'
import { textOrNull, wholeTime } from '../sql/well-formed.ts'
import type { GivenBack } from './lane-owner.ts'
import type { LiveLane } from './live-lane.ts'
import type { Failed, Work } from './messages.ts'

/** What is to be recorded of deliveries in one transaction. */
type Settled = Pick<Work, 'done' | 'failed' | 'givenBack' | 'settledAt'>

/** What became of events and lanes since the transaction under way began. Nobody waits for it to be recorded. */
export class Settlement {
  #done: number[] = []
  #failed: Failed[] = []
  #givenBack: GivenBack[] = []
  #settledAt = 0

  get isEmpty (): boolean {
    return this.#done.length + this.#failed.length + this.#givenBack.length === 0
  }

  /** Whether an event is to leave its lane for this one. */
  movesTo (lane: string): boolean {
    return this.#failed.some((event) => event.lane === lane)
  }

  settle ({ lane, events }: Pick<LiveLane, 'lane' | 'events'>, outcomes: readonly Outcome[]): void {
    this.#settledAt = Math.max(this.#settledAt, Date.now())
    const lanes = nextLanes(lane, events, outcomes)
    for (const [i, outcome] of outcomes.entries()) {
      const event = events[i]
      if (event !== undefined) this.#settle(event, outcome, lanes[i])
    }
  }

  /** An event that cannot be delivered at all. */
  giveUp ({ seq, attempts }: ClaimedRow): void {
    this.#failed.push({ seq, state: 'dead', attempts, due: null, completed: null, error: DAMAGED, delivery: '' })
  }

  giveBack (lanes: readonly GivenBack[]): void {
    this.#givenBack.push(...lanes)
  }

  /** All of it: it is to be recorded now. */
  next (): Settled {
    const settled = { done: this.#done, failed: this.#failed, givenBack: this.#givenBack, settledAt: this.#settledAt }
    this.#done = []
    this.#failed = []
    this.#givenBack = []
    this.#settledAt = 0
    return settled
  }

  /** It could not be recorded: it is next time, before what has come up since. */
  putBack ({ done, failed, givenBack, settledAt }: Settled): void {
    this.#done = done.concat(this.#done)
    this.#failed = failed.concat(this.#failed)
    this.#givenBack = givenBack.concat(this.#givenBack)
    this.#settledAt = Math.max(settledAt, this.#settledAt)
  }

  #settle ({ seq, attempt }: LiveEvent, outcome: Outcome, lane: string | undefined): void {
    if (outcome.state === 'done' && attempt === 1 && outcome.delivery === undefined) this.#done.push(seq)
    else this.#failed.push({ ...failedOf(seq, attempt, outcome), ...lane !== undefined && { lane } })
  }
}

function failedOf (seq: number, attempts: number, { state, dueAt, completed, refused, aside, collects, stays, error, delivery }: Outcome): Failed {
  return {
    seq,
    state,
    attempts,
    due: wholeTime(dueAt),
    completed: listenersJson({ completed, refused }),
    error: textOrNull(error),
    aside,
    collects,
    stays,
    delivery: delivery === undefined ? '' : lineOf(delivery)
  }
}
