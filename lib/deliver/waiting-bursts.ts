import type { Claim } from '../inbox/inbox.ts'
import type { Collector } from '../webhooks/collectors.ts'
import { triedAgainIn } from './burst.ts'
import type { CollectorBurst } from './burst.ts'

/** Lanes that are remembered: others may have been handed over by another process. */
const MOST_LANES = 10_000

/** What waits for one collector, in one lane. */
interface WaitingBurst {
  /** When it was first looked at, by the clock of `performance`, and which event was the first then: without that, it is another wait. */
  since?: { readonly at: number, readonly seq: number }
  /** Its events, as far as this process knows, and whether the last look has missed them: then they were on their way, or others have handed them over. */
  readonly ids: Map<string, boolean>
  /** How many more there are taken to be. */
  more: number
}

type WaitingLane = Map<Collector, WaitingBurst>

/**
 * What this process knows of the bursts that wait, by the lanes that they came in. It only makes them be looked at, and handed over, sooner,
 * or later by their quiet time: the inbox has all that counts.
 */
export class WaitingBursts {
  readonly #lanes = new Map<string, WaitingLane>()

  has (lane: string, id: string): boolean {
    return [...this.#lanes.get(lane)?.values() ?? []].some(({ ids }) => ids.has(id))
  }

  /** An event waits for collectors, or is about to. Says whether that makes as many as a burst of one of them has at most: then it need not wait. */
  isFull (lane: string, id: string, collectors: readonly Collector[]): boolean {
    const waiting = this.#of(lane)
    const counts = collectors.map((collector) => isNowFull(burstOf(waiting, collector), id, collector.most)) // it counts for each
    return counts.includes(true)
  }

  /** It does not wait after all. */
  forget (lane: string, id: string): void {
    this.#lanes.get(lane)?.forEach(({ ids }) => { ids.delete(id) })
  }

  /**
   * Whether a burst is complete. When its events came in is by clocks that may be set, and be those of others: how long this process has waited
   * is by one that nobody sets.
   */
  isComplete (claim: Claim, burst: CollectorBurst): boolean {
    const { completeAt, collector } = burst
    if (triedAgainIn(burst) > 0) return false // others of its lane are due
    if (completeAt === null) return true // nothing that follows changes it
    const now = performance.now()
    const since = sinceOf(burst, this.#lanes.get(placeOf(claim))?.get(collector))
    const waited = now - (since?.at ?? now)
    if (claim.isFollowed === true && waited < collector.quiet) return false // what was received before may be on its way
    return completeAt <= Date.now() || waited >= collector.within
  }

  /** None of these bursts is complete: says when to look again. */
  wait (claim: Claim, bursts: readonly CollectorBurst[]): number {
    const waiting = this.#of(placeOf(claim))
    for (const { ids } of waiting.values()) age(ids)
    return Math.min(...bursts.map((burst) => lookAt(burst, burstOf(waiting, burst.collector), claim.isFollowed === true)))
  }

  /** Bursts of a lane are handed over: what is there besides came in meanwhile. */
  end (claim: Claim, bursts: readonly CollectorBurst[]): void {
    const lane = placeOf(claim)
    const waiting = this.#of(lane)
    for (const { collector, events } of bursts) {
      const { ids } = burstOf(waiting, collector)
      for (const { id } of events) ids.delete(id)
      waiting.set(collector, { ids, more: 0 })
    }
    if ([...waiting.values()].every(({ ids }) => ids.size === 0)) this.#lanes.delete(lane)
  }

  #of (lane: string): WaitingLane {
    const waiting: WaitingLane = this.#lanes.get(lane) ?? new Map<Collector, WaitingBurst>()
    this.#lanes.set(lane, waiting)
    for (const oldest of this.#lanes.keys()) {
      if (this.#lanes.size <= MOST_LANES) break
      this.#lanes.delete(oldest)
    }
    return waiting
  }
}

function burstOf (waiting: WaitingLane, collector: Collector): WaitingBurst {
  const burst = waiting.get(collector) ?? { ids: new Map<string, boolean>(), more: 0 }
  waiting.set(collector, burst)
  return burst
}

function isNowFull (burst: WaitingBurst, id: string, most: number): boolean {
  burst.ids.set(id, false)
  const count = burst.ids.size + burst.more
  if (count >= 2 * most) { // then it is another process that hands them over
    burst.ids.clear()
    burst.more = 0
  }
  return count >= most
}

/** What two looks have missed was handed over by others. */
function age (ids: Map<string, boolean>): void {
  for (const [id, isMissed] of ids) {
    if (isMissed) ids.delete(id)
    else ids.set(id, true)
  }
}

/** Notes that a burst was looked at, and says when to look again. */
function lookAt (burst: CollectorBurst, waiting: WaitingBurst, isFollowed: boolean): number {
  const { all, events, completeAt, collector: { quiet, most } } = burst
  const now = Date.now()
  const since = sinceOf(burst, waiting) ?? { at: performance.now(), seq: Number(events[0]?.seq) }
  waiting.since = since
  for (const { id } of all) waiting.ids.set(id, false)
  const triedIn = triedAgainIn(burst)
  const at = completeAt === null || triedIn > 0 ? now + triedIn : completeAt
  const isHeldUp = at <= now
  // What holds a burst up need not wait once it has come.
  waiting.more = isFollowed && isHeldUp ? Math.max(0, most - 1 - waiting.ids.size) : 0
  return isHeldUp ? now + Math.max(1, Math.ceil(quiet - (performance.now() - since.at))) : at
}

function sinceOf ({ events }: CollectorBurst, { since }: Partial<WaitingBurst> = {}): WaitingBurst['since'] {
  return events.some(({ seq }) => seq === since?.seq) ? since : undefined
}

/** What has been set aside there is no part of what waits in its conversation. */
function placeOf ({ lane, events: [first] }: Claim): string {
  return first?.isAside === true ? lane : String(first?.collectedFrom)
}
