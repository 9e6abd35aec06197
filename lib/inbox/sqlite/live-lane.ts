// Only SQLite: what postgres/leased-claim.ts is there.
import type { Claim } from '../inbox.ts'
import type { Queued } from '../queue.ts'
import type { LiveEvent } from '../sql/rows.ts'

/** A lane in memory. It is a claim while its first events are being delivered. */
export class LiveLane implements Claim, Queued<LiveLane> {
  readonly lane: string
  /** Those that are claimed, or were and came back. */
  events: readonly LiveEvent[] = []
  /** Those behind them. */
  waiting: LiveEvent[] = []
  /** Whether the store is to get it back: see lane-owner.ts. */
  isCheckedOut = false
  isClaimed = false
  isFollowed = false
  next: LiveLane | undefined = undefined

  constructor (lane: string) {
    this.lane = lane
  }

  get size (): number {
    return this.events.length + this.waiting.length
  }

  all (): readonly LiveEvent[] {
    return this.events.length === 0 ? this.waiting : [...this.events, ...this.waiting]
  }

  claim (): this {
    this.isClaimed = true
    this.events = this.all()
    this.waiting = []
    return this
  }
}
