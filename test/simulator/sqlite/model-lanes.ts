import { COLLECT, isCollected, MOST_COLLECTED } from '../../../lib/inbox/sql/next-lane.ts'
import { READY } from '../../../lib/inbox/sqlite/lane-owner.ts'
import type { Due, GivenBack } from '../../../lib/inbox/sqlite/lane-owner.ts'
import type { ClaimedLane } from '../../../lib/inbox/sqlite/messages.ts'
import { Trial } from '../../../lib/inbox/sqlite/store/suspects.ts'
import type { ModelEvent } from './model-event.ts'
import { claimedRow } from './model-event.ts'
import type { ModelSuspects } from './model-suspects.ts'

/** Of one lane, claimed at once. */
const MOST_CLAIMED = 16

/** How a lane waits: by its place in the queue, for the time of a retry, for the trials of others, or not at all, for memory has it. */
export interface ModelLane {
  readonly lane: string
  readonly kind: 'ready' | 'retry' | 'parked' | 'strong' | 'checkedOut'
  /** The time, or the place in its queue. */
  readonly at: number
}

/** Which lanes the store has: `LaneTable`, without SQL. */
export class ModelLanes {
  readonly lanes: Map<string, ModelLane>
  readonly #events: ReadonlyMap<number, ModelEvent>
  readonly #suspects: ModelSuspects
  #next = 0
  #turn = 0
  /** That of the transaction before. */
  #time = 0
  /** Whether it looks for suspects. It does so from a start on, until there are none. */
  isCareful = true

  constructor (events: ReadonlyMap<number, ModelEvent>, lanes: Map<string, ModelLane>, suspects: ModelSuspects) {
    this.#events = events
    this.lanes = lanes
    this.#suspects = suspects
  }

  recover (held: readonly string[], time: number, now: number): void {
    this.#time = time
    this.#turn = 0
    const byName = this.#of('checkedOut').sort((a, b) => Buffer.compare(Buffer.from(a.lane), Buffer.from(b.lane)))
    for (const { lane } of [...byName, ...this.#of('strong'), ...this.#of('parked')]) this.put(lane, READY)
    const live = [...this.#events.values()].filter(({ state }) => state === 'live')
    for (const { lane } of live) this.add(lane, READY)
    for (const event of live) event.state = 'waiting'
    this.follow(now, this.#time)
    for (const lane of held) if (this.lanes.has(lane)) this.#set(lane, 'checkedOut', 0)
    this.isCareful = true
  }

  /** If the clock was set back, what waits for collectors is looked at, but for what has failed. `before` is another time at which it was looked at. */
  follow (now: number, before: number): void {
    const collecting = this.#of('retry').filter(({ lane }) => lane.startsWith(COLLECT) && this.#waiting(lane)[0]?.attempts === 0)
    if (now < Math.max(this.#time, before)) for (const { lane } of collecting) this.put(lane, READY)
    this.#time = now
  }

  /** Whether the lane was not there yet. */
  add (lane: string, due: Due): boolean {
    if (this.lanes.has(lane)) return false
    this.put(lane, due)
    return true
  }

  put (lane: string, due: Due): void {
    if (due === null) this.#set(lane, 'checkedOut', 0)
    else if (due === READY) this.#set(lane, 'ready', this.#next++)
    else this.#set(lane, 'retry', due)
  }

  /** What fails has its own time. */
  collect (lane: string, due: number): void {
    const waits = this.lanes.get(lane)
    if (waits === undefined || (waits.kind === 'retry' && waits.at > due && this.#waiting(lane)[0]?.attempts === 0)) this.put(lane, due)
  }

  giveBack ({ lane, due, seqs }: GivenBack): void {
    for (const seq of seqs) {
      const event = this.#events.get(seq)
      if (event?.state === 'live') event.state = 'waiting'
    }
    if (this.isCareful) this.#suspects.giveBack(lane)
    const waiting = this.#waiting(lane)
    if (waiting.length === 0) {
      this.lanes.delete(lane)
      return
    }
    this.put(lane, due)
    const sooner = waiting.filter(({ seq, due }) => due !== null && !seqs.includes(seq)).map(({ due }) => Number(due))
    if (lane.startsWith(COLLECT) && sooner.length > 0) this.collect(lane, Math.min(...sooner))
  }

  /** After some of its events were removed. */
  shrink (lane: string): void {
    const [first] = this.#waiting(lane)
    const kind = this.lanes.get(lane)?.kind
    if (first === undefined) this.lanes.delete(lane)
    else if ((first.due === null || first.attempts === 0) && kind !== undefined && kind !== 'ready' && kind !== 'checkedOut') this.put(lane, READY)
  }

  look (): void {
    this.isCareful &&= this.#suspects.exist() || this.#of('parked').length + this.#of('strong').length > 0
  }

  goOn (now: number): void {
    if (!this.isCareful) return
    for (const kind of ['strong', 'parked'] as const) {
      for (const { lane } of this.#of(kind).slice(0, this.#suspects.room(kind === 'strong', now))) this.put(lane, READY)
    }
  }

  claim (most: number, now: number): ClaimedLane[] {
    const retries = this.#of('retry').filter(({ at }) => at <= now).slice(0, most)
    const ready = this.#of('ready').slice(0, most)
    const share = (most + this.#turn++ % 2) >> 1
    const retried = retries.slice(0, Math.max(share, most - ready.length))
    return [...retried, ...ready.slice(0, most - retried.length)].map(({ lane }) => this.#claim(lane, now)).filter(({ events }) => events.length > 0)
  }

  /** When one can be claimed: that of one that is ready is any time that is over. */
  nextDue (): number | null {
    if (this.#of('ready').length > 0) return 0
    return this.#of('retry')[0]?.at ?? null
  }

  #claim (lane: string, now: number): ClaimedLane {
    const waiting = this.#waiting(lane)
    const [first] = waiting
    if (first === undefined) {
      this.lanes.delete(lane)
      return { lane, events: [], isFollowed: false }
    }
    const { trial } = first
    if (trial !== null && !this.#suspects.try(first, now)) {
      this.#set(lane, trial === Trial.strong ? 'strong' : 'parked', this.#next++)
      return { lane, events: [], isFollowed: false }
    }
    this.#set(lane, 'checkedOut', 0)
    const { home } = first
    const most = isCollected(first) ? MOST_COLLECTED : trial === null ? MOST_CLAIMED : 1
    const isFollowed = trial === null ? home !== null && home !== lane && this.lanes.has(home) : null
    return { lane, events: waiting.slice(0, most).map((event) => claimedRow(event, now)), isFollowed }
  }

  #waiting (lane: string): ModelEvent[] {
    return [...this.#events.values()].filter((event) => event.lane === lane && event.state === 'waiting')
  }

  #set (lane: string, kind: ModelLane['kind'], at: number): void {
    this.lanes.set(lane, { lane, kind, at })
  }

  #of (kind: ModelLane['kind']): ModelLane[] {
    return [...this.lanes.values()].filter((lane) => lane.kind === kind).sort((a, b) => a.at - b.at || (a.lane < b.lane ? -1 : 1))
  }
}
