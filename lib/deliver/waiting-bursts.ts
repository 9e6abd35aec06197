import type { Claim, ClaimedEvent } from '../inbox/inbox.ts'
import type { Collector } from '../webhooks/collectors.ts'
import { triedAgainIn } from './burst.ts'
import type { CollectorBurst } from './burst.ts'

/** Lanes that are remembered: others may have been handed over by another process. */
const MOST_LANES = 10_000

/** What waits for one collector, in one lane. */
interface WaitingBurst {
  /** When it was first looked at, by the clock of `performance`, and which event was the first then: without that, it is another wait. */
  since?: { readonly at: number, readonly seq: number }
  /** Its events, as far as this process knows. */
  readonly ids: Map<string, WaitingEvent>
  /** How many more there are taken to be. */
  more: number
}

interface WaitingEvent {
  /** When it came in, by the clock of `performance`. */
  readonly at: number
  /** Whether the last look has missed it: then it was on its way, or others have handed it over. */
  readonly isMissed: boolean
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

  /**
   * An event waits for collectors, or is about to: for how many milliseconds since it came in, until their bursts are looked at. It need not
   * wait if it makes as many as a burst of one of them has at most, nor for longer than that has for what came before.
   */
  waitOf (lane: string, event: Pick<ClaimedEvent, 'id' | 'receivedAt'>, collectors: readonly Collector[]): number {
    const waiting = this.#of(lane)
    return Math.min(...collectors.map((collector) => waitFor(collector, burstOf(waiting, collector), event))) // it counts for each
  }

  /** It does not wait after all. */
  forget (lane: string, id: string): void {
    this.#lanes.get(lane)?.forEach(({ ids }) => { ids.delete(id) })
  }

  /**
   * Those of these bursts that are complete. When their events came in is by clocks that may be set, and be those of others: how long this process
   * has waited is by one that nobody sets.
   */
  completeOf (claim: Claim, bursts: readonly CollectorBurst[]): CollectorBurst[] {
    const waiting = this.#of(placeOf(claim))
    return bursts.filter((burst) => isComplete(burst, burstOf(waiting, burst.collector), claim.isFollowed === true)) // each is looked at
  }

  /** None of these bursts is complete: says when to look again. */
  wait (claim: Claim, bursts: readonly CollectorBurst[]): number {
    const waiting = this.#of(placeOf(claim))
    for (const { ids } of waiting.values()) age(ids)
    return Math.min(...bursts.map((burst) => lookAgainAt(burst, burstOf(waiting, burst.collector), claim.isFollowed === true)))
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
    if ([...waiting.values()].every(({ ids, since }) => ids.size === 0 && since === undefined)) this.#lanes.delete(lane)
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
  const burst = waiting.get(collector) ?? { ids: new Map<string, WaitingEvent>(), more: 0 }
  waiting.set(collector, burst)
  return burst
}

function waitFor ({ quiet, within, most }: Collector, burst: WaitingBurst, event: Pick<ClaimedEvent, 'id' | 'receivedAt'>): number {
  const { at } = note(burst, event)
  const now = performance.now()
  // What is older is another burst, or others have handed it over.
  const first = Math.min(at, ...Array.from(burst.ids.values(), (other) => other.at).filter((other) => now - other <= within))
  const count = burst.ids.size + burst.more
  if (count >= 2 * most) { // then it is another process that hands them over
    burst.ids.clear()
    burst.more = 0
  }
  return count >= most ? 0 : Math.min(quiet, Math.ceil(within - (at - first)))
}

function note ({ ids }: WaitingBurst, { id, receivedAt }: Pick<ClaimedEvent, 'id' | 'receivedAt'>): WaitingEvent {
  const event = { at: ids.get(id)?.at ?? performance.now() - Math.max(0, Date.now() - receivedAt), isMissed: false }
  ids.set(id, event)
  return event
}

/** What two looks have missed was handed over by others. */
function age (ids: WaitingBurst['ids']): void {
  for (const [id, { at, isMissed }] of ids) {
    if (isMissed) ids.delete(id)
    else ids.set(id, { at, isMissed: true })
  }
}

/** Looks at a burst, and notes since when. */
function isComplete (burst: CollectorBurst, waiting: WaitingBurst, isFollowed: boolean): boolean {
  const { events, completeAt, collector: { quiet, within } } = burst
  const now = performance.now()
  const since = sinceOf(burst, waiting) ?? { at: now, seq: Number(events[0]?.seq) }
  waiting.since = since
  if (triedAgainIn(burst) > 0) return false // others of its lane are due
  if (completeAt === null) return true // nothing that follows changes it
  const waited = now - since.at
  if (isFollowed && waited < quiet) return false // what was received before may be on its way
  return completeAt <= Date.now() || waited >= within
}

/** When to look again at a burst that was looked at. */
function lookAgainAt (burst: CollectorBurst, waiting: WaitingBurst, isFollowed: boolean): number {
  const { all, completeAt, collector: { quiet, most } } = burst
  const now = Date.now()
  for (const event of all) note(waiting, event)
  const triedIn = triedAgainIn(burst)
  const at = completeAt === null || triedIn > 0 ? now + triedIn : completeAt
  const isHeldUp = at <= now
  // What holds a burst up need not wait once it has come.
  waiting.more = isFollowed && isHeldUp ? Math.max(0, most - 1 - waiting.ids.size) : 0
  return isHeldUp ? now + Math.max(1, Math.ceil(quiet - (performance.now() - Number(waiting.since?.at)))) : at
}

function sinceOf ({ events }: CollectorBurst, { since }: Partial<WaitingBurst> = {}): WaitingBurst['since'] {
  return events.some(({ seq }) => seq === since?.seq) ? since : undefined
}

/** What has been set aside there is no part of what waits in its conversation. */
function placeOf ({ lane, events: [first] }: Claim): string {
  return first?.isAside === true ? lane : String(first?.collectedFrom)
}
