import type { ClaimedEvent } from '../../../lib/inbox/inbox.ts'
import { ASIDE } from '../../../lib/inbox/sql/next-lane.ts'
import type { EventRow, LaneRow } from './tables.ts'

/** What became of a delivery, in the words of the model. */
export type Kind = 'Succeeded' | 'GivenUp' | 'Retry' | 'StillRuns' | 'LeavesLane'

const TRIALS = ['Suspect', 'OnTrial', 'Interrupted'] as const

/** Writes lines of a trace in Quint. */
export class Lines {
  readonly #numberOf: (id: string) => number
  readonly lines: string[] = []

  constructor (numberOf: (id: string) => number) {
    this.#numberOf = numberOf
  }

  add (action: string, ...values: ReadonlyArray<string | number | boolean>): void {
    this.lines.push(`${action}(${values.join(', ')})`)
  }

  lane (lane: string): string {
    return lane.startsWith(ASIDE) ? `Aside(${this.#numberOf(lane.slice(ASIDE.length))})` : `Conversation("${lane}")`
  }

  got (number: number, events: readonly ClaimedEvent[], isHeld: boolean): void {
    const listed = events.map(({ id, seq, attempt, interrupted = false }) =>
      `{ id: ${this.#numberOf(id)}, seq: ${seq}, attempt: ${attempt}, interrupted: ${String(interrupted)} }`)
    this.add('got', number, `[${listed.join(', ')}]`, isHeld)
  }

  event ({ event, state, seq, lane, attempts, trial }: EventRow): void {
    this.add('hasEvent', event, state, seq, this.lane(lane), attempts, trial === null ? 'Trusted' : TRIALS[trial] ?? 'Trusted')
  }

  row ({ lane, head, adds, due, overdue, suspect }: LaneRow, holder: number, claim: number): void {
    this.add('hasLane', this.lane(lane),
      `{ exists: true, head: ${head}, adds: ${adds}, due: ${String(due)}, overdue: ${String(overdue)}, holder: ${holder}, claim: ${claim}, suspect: ${String(suspect)} }`)
  }

  noRow (lane: string): void {
    this.add('hasLane', this.lane(lane), 'NO_LANE')
  }
}
