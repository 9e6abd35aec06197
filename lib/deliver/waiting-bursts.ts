import type { Claim } from '../inbox/inbox.ts'
import { triedAgainIn } from './burst.ts'
import type { CollectorBurst } from './burst.ts'

/** Lanes that are remembered: others may have been handed over by another process. */
const MOST_LANES = 10_000

interface WaitingLane {
  /** When it was first looked at, by the clock of `performance`, and which event was the first then: without that, it is another wait. */
  since?: { readonly at: number, readonly seq: number }
  /** Its events, as far as this process knows, and whether the last look has missed them: then they were on their way, or others have handed them over. */
  readonly ids: Map<string, boolean>
  /** How many more there are taken to be. */
  more: number
}

/**
 * What this process knows of the bursts that wait, by the lanes that they came in. It only makes them be looked at, and handed over, sooner,
 * or later by their quiet time: the inbox has all that counts.
 */
export class WaitingBursts {
  readonly #lanes = new Map<string, WaitingLane>()

  has (lane: string, id: string): boolean {
    return this.#lanes.get(lane)?.ids.has(id) === true
  }

  /** An event waits, or is about to. Says whether that makes as many as a burst has at most: then it need not wait. */
  isFull (lane: string, id: string, most: number): boolean {
    const waiting = this.#of(lane)
    waiting.ids.set(id, false)
    const count = waiting.ids.size + waiting.more
    if (count >= 2 * most) { // then it is another process that hands them over
      waiting.ids.clear()
      waiting.more = 0
    }
    return count >= most
  }

  /** It does not wait after all. */
  forget (lane: string, id: string): void {
    this.#lanes.get(lane)?.ids.delete(id)
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
    for (const [id, isMissed] of waiting.ids) {
      if (isMissed) waiting.ids.delete(id)
      else waiting.ids.set(id, true)
    }
    for (const { id } of claim.events) waiting.ids.set(id, false)
    // What holds a burst up need not wait once it has come.
    const most = claim.isFollowed === true && bursts.some(isHeldUp) ? Math.min(...bursts.map(({ collector }) => collector.most)) : 0
    waiting.more = Math.max(0, most - 1 - waiting.ids.size)
    return Math.min(...bursts.map((burst) => isHeldUp(burst) ? now + burst.collector.quiet : timeOf(burst)))
  }

  /** Bursts of a lane are handed over: what is there besides came in meanwhile. */
  end (claim: Claim, bursts: readonly CollectorBurst[]): void {
    const lane = homeOf(claim)
    const { ids } = this.#of(lane)
    this.#lanes.delete(lane)
    for (const { id } of bursts.flatMap(({ events }) => events)) ids.delete(id)
    if (ids.size > 0) this.#lanes.set(lane, { ids, more: 0 })
  }

  #of (lane: string): WaitingLane {
    const waiting = this.#lanes.get(lane) ?? { ids: new Map(), more: 0 }
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
