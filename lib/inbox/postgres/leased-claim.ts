// Only PostgreSQL: a claim runs out there. SQLite's is a lane in memory (sqlite/deliveries.ts).
import type { Claim } from '../inbox.ts'
import type { LiveEvent } from '../sql/rows.ts'

/** A lane that is leased. */
export class LeasedClaim implements Claim {
  readonly lane: string
  /** Those that can be delivered. */
  readonly events: LiveEvent[] = []
  /** Those that cannot. */
  readonly damaged: string[] = []
  /** The number of the claim. */
  readonly number: number
  /** The lane's, when it was claimed. */
  readonly adds: string
  /** Whether more events may be pending than were claimed. */
  hasMore = false
  /** Whether its events wait for collectors. */
  isCollected = false
  /** Whether others of their conversation are in its own lane still, then. */
  isFollowed = false
  /** Whether its event may be what has crashed a process. */
  isSuspect = false
  #until: LeaseEnd | undefined

  constructor (lane: string, number: number, adds: string, until: LeaseEnd) {
    this.lane = lane
    this.number = number
    this.adds = adds
    this.#until = until
  }

  /** Whether no other process can have taken it over. */
  get isHeld (): boolean {
    return this.#until?.isOver === false
  }

  /** Nothing if it is another's by now. */
  renew (until: LeaseEnd | undefined): void {
    this.#until = until
  }
}

/**
 * When a lease runs out, as this process can know it: the server began to count after it was asked. By two clocks, for one stands
 * still while the machine sleeps, and the other one may be set.
 */
export class LeaseEnd {
  readonly #monotonic: number
  readonly #wall: number

  constructor (lease: number) {
    this.#monotonic = performance.now() + lease
    this.#wall = Date.now() + lease
  }

  get isOver (): boolean {
    return performance.now() >= this.#monotonic || Date.now() >= this.#wall
  }
}
