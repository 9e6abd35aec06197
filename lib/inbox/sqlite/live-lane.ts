import type { Claim } from '../inbox.ts'
import type { Queued } from '../queue.ts'
import type { LiveEvent } from '../sql/rows.ts'

/** A lane in memory: the store does not give it out. It is a claim while its first events are being delivered. */
export class LiveLane implements Claim, Queued<LiveLane> {
  readonly lane: string
  /** Those that are claimed, or were and came back. */
  events: readonly LiveEvent[] = []
  /** Those behind them. */
  waiting: LiveEvent[] = []
  /** Whether the store has more of it, so that it has to be given back. */
  stored: boolean
  claimed = false
  next: LiveLane | undefined = undefined

  constructor (lane: string, stored: boolean) {
    this.lane = lane
    this.stored = stored
  }

  isEmpty (): boolean {
    return this.events.length === 0 && this.waiting.length === 0
  }

  claim (): void {
    this.claimed = true
    this.events = this.events.length === 0 ? this.waiting : [...this.events, ...this.waiting]
    this.waiting = []
  }
}
