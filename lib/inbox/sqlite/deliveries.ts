import type { Claim, Outcome } from '../inbox.ts'
import { Queue } from '../queue.ts'
import { leavesLane } from '../sql/aside.ts'
import type { LiveEvent } from '../sql/rows.ts'
import { wholeTime } from '../sql/well-formed.ts'
import { LiveLane } from './live-lane.ts'
import { READY } from './messages.ts'
import type { GivenBack, PendingEvent } from './messages.ts'

/** Events in memory at most, over all lanes. */
const MOST_EVENTS = 2_048
/** Bytes of their bodies at most: what is made of them takes several times that. */
const MOST_BYTES = 8_388_608
/** Of one lane at most, or it would leave no room for others. */
const MOST_OF_A_LANE = 64

const NO_LANE = { events: [], waiting: [] }

/** The lanes that are delivered without asking the store: what has just come in, and what was taken from the store. */
export class Deliveries {
  #lanes = new Map<string, LiveLane>()
  /** Those that nobody has claimed. */
  #ready = new Queue<LiveLane>()
  /** Those that wait for another attempt: they go to the store, together with what comes in until then. */
  #retrying = new Map<LiveLane, number | null>()
  #givenBack: GivenBack[] = []
  #events = 0
  #bytes = 0

  get isReady (): boolean {
    return !this.#ready.isEmpty
  }

  /** Whether the store has to be told about lanes. */
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
    const { events, waiting } = this.#lanes.get(lane) ?? NO_LANE
    return this.#events + coming.events < MOST_EVENTS && this.#bytes + coming.bytes < MOST_BYTES &&
      events.length + waiting.length + coming.ofLane < MOST_OF_A_LANE
  }

  /** Puts an event at the end of its lane. */
  push (name: string, event: LiveEvent): void {
    const lane = this.#lanes.get(name) ?? this.#open(name, false)
    lane.waiting.push(event)
    this.#count(event, 1)
  }

  /** A lane that was taken from the store. */
  open (name: string, events: readonly LiveEvent[]): void {
    this.#open(name, true).waiting.push(...events)
    for (const event of events) this.#count(event, 1)
  }

  /** The store has more of a lane, and holds it: gives it back now, or once memory is through with it. */
  hold (name: string): void {
    const lane = this.#lanes.get(name)
    if (lane === undefined) this.#giveBack(name)
    else lane.stored = true
  }

  claim (most: number): Claim[] {
    const claims: LiveLane[] = []
    while (claims.length < most) {
      const lane = this.#ready.shift()
      if (lane === undefined) break
      if (lane.isEmpty()) { // all of it was removed
        this.#close(lane)
        continue
      }
      lane.claim()
      claims.push(lane)
    }
    return claims
  }

  /** Events that the store has removed: those that are claimed are marked until they are settled. */
  drop (removed: readonly PendingEvent[]): void {
    for (const [name, events] of Map.groupBy(removed, ({ lane }) => lane)) {
      const lane = this.#lanes.get(name)
      if (lane === undefined) continue
      const seqs = new Set(events.map(({ seq }) => seq))
      for (const event of [...lane.events, ...lane.waiting]) if (seqs.has(event.seq)) event.isDiscarded = true
      if (lane.events[0]?.isDiscarded === true && this.#retrying.has(lane)) this.#retrying.set(lane, null)
      this.#clear(lane)
    }
  }

  /** What was removed and is not claimed. */
  #clear (lane: LiveLane): void {
    if (!lane.claimed) lane.events = this.#left(lane.events)
    lane.waiting = this.#left(lane.waiting)
  }

  #left (events: readonly LiveEvent[]): LiveEvent[] {
    return events.filter((event) => {
      if (event.isDiscarded === true) this.#count(event, -1)
      return event.isDiscarded !== true
    })
  }

  /** Ends a claim: its lane waits with the event that is to be tried again, unless that one has left it or was removed. */
  settle ({ lane: name, events }: Claim, outcomes: readonly Outcome[]): void {
    const lane = this.#lanes.get(name)
    if (lane?.claimed !== true) return
    const [last, event] = [outcomes.at(-1), events[outcomes.length - 1]]
    const waits = last?.state === 'pending' && event !== undefined && event.isDiscarded !== true && !leavesLane(name, event.id, last)
    const through = outcomes.length - (waits ? 1 : 0)
    lane.claimed = false
    for (const event of lane.events.slice(0, through)) this.#count(event, -1)
    lane.events = lane.events.slice(through)
    this.#clear(lane)
    if (waits) this.#retrying.set(lane, wholeTime(last.dueAt))
    else if (!lane.isEmpty()) this.#ready.push(lane)
    else this.#close(lane)
  }

  /** What the store gets back. Asked for when all that it has answered is known. */
  giveBack (): GivenBack[] {
    for (const [{ lane, events, waiting }, due] of this.#retrying) {
      const leaving = [...events, ...waiting]
      for (const event of leaving) this.#count(event, -1)
      this.#lanes.delete(lane)
      this.#givenBack.push({ lane, due: due ?? READY, seqs: leaving.map(({ seq }) => seq) })
    }
    const givenBack = this.#givenBack
    this.#retrying = new Map()
    this.#givenBack = []
    return givenBack
  }

  /** Forgets what nobody has claimed: the store has started anew, and gives it out again. */
  forget (): void {
    const claimed = [...this.#lanes.values()].filter(({ claimed }) => claimed)
    this.#lanes = new Map(claimed.map((lane) => [lane.lane, lane]))
    this.#ready = new Queue()
    this.#events = 0
    this.#bytes = 0
    for (const lane of claimed) {
      lane.stored = true
      lane.waiting = []
      for (const event of lane.events) this.#count(event, 1)
    }
  }

  #open (name: string, stored: boolean): LiveLane {
    const lane = new LiveLane(name, stored)
    this.#lanes.set(name, lane)
    this.#ready.push(lane)
    return lane
  }

  #close ({ lane, stored }: LiveLane): void {
    this.#lanes.delete(lane)
    if (stored) this.#giveBack(lane)
  }

  #giveBack (lane: string): void {
    this.#givenBack.push({ lane, due: READY, seqs: [] })
  }

  #count ({ size }: LiveEvent, sign: 1 | -1): void {
    this.#events += sign
    this.#bytes += sign * size
  }
}
