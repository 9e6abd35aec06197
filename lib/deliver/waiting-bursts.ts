import type { Claim } from '../inbox/inbox.ts'
import { triedAgainIn } from './burst.ts'
import type { CollectorBurst } from './burst.ts'

/** Lanes that are remembered: others may have been handed over by another process. */
const MOST_LANES = 10_000

interface WaitingLane {
  /** When it was first looked at, by the clock of `performance`, and which event was the first then: without that, it is another wait. */
  since?: { readonly at: number, readonly seq: number }
  /** Its events, as far as this process knows. */
  count: number
}

/**
 * What this process knows of the bursts that wait, by the lanes that they came in. It only makes them be looked at, and handed over, sooner,
 * or later by their quiet time: the inbox has all that counts.
 */
export class WaitingBursts {
  readonly #lanes = new Map<string, WaitingLane>()

  /** One more event waits. Says whether that makes as many as a burst has at most: then it need not wait. */
  isFull (lane: string, most: number): boolean {
    const waiting = this.#of(lane)
    waiting.count++
    if (waiting.count < most) return false
    if (waiting.count === 2 * most) waiting.count = 0 // then it is another process that hands them over
    return true
  }

  /**
   * Whether a burst is complete. When its events came in is by clocks that may be set, and be those of others: how long this process has waited
   * is by one that nobody sets.
   */
  isComplete (claim: Claim, burst: CollectorBurst): boolean {
    const { completeAt, collector: { quiet, within } } = burst
    if (triedAgainIn(burst) > 0) return false // others of its lane are due
    if (completeAt === null) return true // nothing that follows changes it
    const now = performance.now()
    const since = sinceOf(claim, this.#lanes.get(homeOf(claim)))
    const waited = now - (since?.at ?? now)
    if (claim.isFollowed === true && waited < quiet) return false // what was received before may be on its way
    return completeAt <= Date.now() || waited >= within
  }

  /** None of these bursts is complete: says when to look again. */
  wait (claim: Claim, bursts: readonly CollectorBurst[]): number {
    const waiting = this.#of(homeOf(claim))
    waiting.since = sinceOf(claim, waiting) ?? { at: performance.now(), seq: Number(claim.events[0]?.seq) }
    const now = Date.now()
    const timeOf = (burst: CollectorBurst) => burst.completeAt === null || triedAgainIn(burst) > 0 ? now + triedAgainIn(burst) : burst.completeAt
    const isHeldUp = (burst: CollectorBurst) => timeOf(burst) <= now
    // What holds a burst up need not wait once it has come, and of what is on its way, some may be counted already.
    const least = bursts.some(isHeldUp) ? Math.min(...bursts.map(({ collector: { most } }) => most)) - 1 : waiting.count
    waiting.count = claim.isFollowed === true ? Math.max(least, claim.events.length) : claim.events.length
    return Math.min(...bursts.map((burst) => isHeldUp(burst) ? now + burst.collector.quiet : timeOf(burst)))
  }

  /** Bursts of a lane are handed over: what is counted besides came in meanwhile. */
  end (claim: Claim, bursts: readonly CollectorBurst[]): void {
    const lane = homeOf(claim)
    const count = (this.#lanes.get(lane)?.count ?? 0) - Math.max(...bursts.map(({ events }) => events.length), 0)
    this.#lanes.delete(lane)
    if (count > 0) this.#of(lane).count = count
  }

  #of (lane: string): WaitingLane {
    const waiting = this.#lanes.get(lane) ?? { count: 0 }
    this.#lanes.set(lane, waiting)
    for (const oldest of this.#lanes.keys()) {
      if (this.#lanes.size <= MOST_LANES) break
      this.#lanes.delete(oldest)
    }
    return waiting
  }
}

function sinceOf ({ events }: Claim, { since }: Partial<WaitingLane> = {}): WaitingLane['since'] {
  return events.some(({ seq }) => seq === since?.seq) ? since : undefined
}

function homeOf ({ events }: Claim): string {
  return String(events[0]?.collectedFrom)
}
