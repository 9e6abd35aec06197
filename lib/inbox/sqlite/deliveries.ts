// The lanes in memory. Its counterpart (postgres/deliveries.ts) has none: it claims and settles with the server.
import type { Claim, Outcome } from '../inbox.ts'
import { Queue } from '../queue.ts'
import { nextLanes } from '../sql/next-lane.ts'
import type { LiveEvent } from '../sql/rows.ts'
import { wholeTime } from '../sql/well-formed.ts'
import { READY } from './lane-owner.ts'
import type { GivenBack } from './lane-owner.ts'
import { LiveLane } from './live-lane.ts'
import type { PendingEvent } from './messages.ts'

/** Events in memory at most, over all lanes. */
const MOST_EVENTS_IN_MEMORY = 2_048
/** Bytes of their bodies at most: what is made of them takes several times that. */
const MOST_BYTES_IN_MEMORY = 8_388_608
/** Of one lane at most, or it would leave no room for others. */
const MOST_OF_A_LANE = 64

/**
 * Claims and settles the lanes that memory owns (see lane-owner.ts): those of what has just come in, and those that were claimed from
 * the store. Neither waits for the store.
 */
export class Deliveries {
  #lanes = new Map<string, LiveLane>()
  /** Those that nobody has claimed. */
  #ready = new Queue<LiveLane>()
  /** Those that wait for another attempt: they go to the store, together with what comes in until then. */
  readonly #retrying = new Map<LiveLane, number | null>()
  readonly #givenBack: GivenBack[] = []
  #events = 0
  #bytes = 0

  get isReady (): boolean {
    return !this.#ready.isEmpty
  }

  /** Whether the store is to get lanes back. */
  get isLeaving (): boolean {
    return this.#retrying.size > 0 || this.#givenBack.length > 0
  }

  names (): string[] {
    return [...this.#lanes.keys()]
  }

  has (lane: string): boolean {
    return this.#lanes.has(lane)
  }

  /** Whether one more event fits in, beside others that are on their way. */
  hasRoom (lane: string, coming: { events: number, ofLane: number, bytes: number }): boolean {
    const ofLane = this.#lanes.get(lane)?.size ?? 0
    return this.#events + coming.events < MOST_EVENTS_IN_MEMORY && this.#bytes + coming.bytes < MOST_BYTES_IN_MEMORY && ofLane + coming.ofLane < MOST_OF_A_LANE
  }

  /** Puts an event at the end of its lane. */
  push (name: string, event: LiveEvent): void {
    const lane = this.#lanes.get(name) ?? this.#begin(name)
    lane.waiting.push(event)
    this.#count(event, 1)
  }

  /** A lane that is checked out. The store gets it back once memory has no more events of it: now, if it has none. */
  markCheckedOut (name: string): void {
    const lane = this.#lanes.get(name)
    if (lane === undefined) this.#giveBack(name)
    else lane.isCheckedOut = true
  }

  /** What the store has given out of a lane. `isFollowed` is what it knows: see `Claim`. */
  checkOut (name: string, events: readonly LiveEvent[], isFollowed: boolean | null): void {
    for (const event of events) this.push(name, event)
    this.markCheckedOut(name)
    const home = events[0]?.home ?? name
    const lane = this.#lanes.get(name)
    if (lane !== undefined) lane.isFollowed = isFollowed !== null && (isFollowed || (home !== name && this.has(home)))
  }

  claim (most: number): Claim[] {
    const claims: LiveLane[] = []
    while (claims.length < most) {
      const lane = this.#ready.shift()
      if (lane === undefined) break
      if (lane.size === 0) this.#end(lane) // all of it was removed
      else claims.push(lane.claim())
    }
    return claims
  }

  /** Events that the store has removed: those that are claimed are marked until they are settled. */
  discard (removed: readonly PendingEvent[]): void {
    for (const [name, events] of Map.groupBy(removed, ({ lane }) => lane)) {
      const lane = this.#lanes.get(name)
      if (lane === undefined) continue
      const seqs = new Set(events.map(({ seq }) => seq))
      for (const event of lane.all()) if (seqs.has(event.seq)) event.isDiscarded = true
      if (lane.events[0]?.isDiscarded === true && this.#retrying.has(lane)) this.#retrying.set(lane, null)
      this.#clear(lane)
    }
  }

  /** What was removed and is not claimed. */
  #clear (lane: LiveLane): void {
    if (!lane.isClaimed) lane.events = this.#left(lane.events)
    lane.waiting = this.#left(lane.waiting)
  }

  #left (events: readonly LiveEvent[]): LiveEvent[] {
    return events.filter((event) => {
      if (event.isDiscarded === true) this.#count(event, -1)
      return event.isDiscarded !== true
    })
  }

  /**
   * Ends a claim: its lane waits with the event that is to be tried again, unless that one has left it or was removed. One of collectors
   * waits in the store whatever is left of it: more may be there.
   */
  settle ({ lane: name }: Claim, outcomes: readonly Outcome[], dueAt?: number): void {
    const lane = this.#lanes.get(name)
    if (lane?.isClaimed !== true) return
    const lanes = nextLanes(name, lane.events, outcomes)
    const [first, last] = [lane.events[0], outcomes.at(-1)]
    const left = lane.events.filter((event, i) => {
      const stays = i >= outcomes.length || (outcomes[i]?.state === 'pending' && lanes[i] === undefined && event.isDiscarded !== true)
      if (!stays) this.#count(event, -1)
      return stays
    })
    const waits = last?.state === 'pending' && left.length > lane.events.length - outcomes.length
    lane.isClaimed = false
    lane.events = left
    this.#clear(lane)
    if (first?.collectedFrom !== undefined) this.#retrying.set(lane, wholeTime(dueAt ?? null))
    else if (waits) this.#retrying.set(lane, wholeTime(last.dueAt))
    else if (lane.size > 0) this.#ready.push(lane)
    else this.#end(lane)
  }

  /** What the store gets back. Asked for when all that it has answered is known. */
  giveBack (): GivenBack[] {
    for (const [retrying, due] of this.#retrying) {
      const leaving = retrying.all()
      for (const event of leaving) this.#count(event, -1)
      this.#lanes.delete(retrying.lane)
      this.#givenBack.push({ lane: retrying.lane, due: due ?? READY, seqs: leaving.map(({ seq }) => seq) })
    }
    this.#retrying.clear()
    return this.#givenBack.splice(0)
  }

  /** Forgets what nobody has claimed: the store has started anew, and gives it out again. */
  forget (): void {
    const claimed = [...this.#lanes.values()].filter(({ isClaimed }) => isClaimed)
    this.#lanes = new Map(claimed.map((lane) => [lane.lane, lane]))
    this.#ready = new Queue()
    this.#events = 0
    this.#bytes = 0
    for (const lane of claimed) {
      lane.isCheckedOut = true
      lane.waiting = []
      for (const event of lane.events) this.#count(event, 1)
    }
  }

  #begin (name: string): LiveLane {
    const lane = new LiveLane(name)
    this.#lanes.set(name, lane)
    this.#ready.push(lane)
    return lane
  }

  #end ({ lane, isCheckedOut }: LiveLane): void {
    this.#lanes.delete(lane)
    if (isCheckedOut) this.#giveBack(lane)
  }

  #giveBack (lane: string): void {
    this.#givenBack.push({ lane, due: READY, seqs: [] })
  }

  #count ({ size }: LiveEvent, sign: 1 | -1): void {
    this.#events += sign
    this.#bytes += sign * size
  }
}
