import type { ClaimedEvent, Outcome } from '../../../lib/inbox/inbox.ts'
import { ASIDE, COLLECT } from '../../../lib/inbox/sql/next-lane.ts'
import { keyOf } from './collectors.ts'
import type { Row } from '../kind.ts'
import type { OpenClaim, Run, Story } from '../ledger-entries.ts'
import type { Life } from '../life.ts'
import { listenersOf } from '../listeners.ts'
import type { CollectorSettings } from '../settings.ts'
import type { World } from '../world.ts'

/**
 * Virtual milliseconds in which an event is handed over, once its quiet time is over and all goes well: claims of processes that have ended may
 * have to run out first, and the events of other lanes that may have ended them are tried one after the other.
 */
const LONGEST_WAIT = 200_000

/** A burst that is handed over. */
interface Burst {
  readonly life: Life
  readonly claim: OpenClaim
  readonly collector: CollectorSettings
  readonly events: readonly ClaimedEvent[]
}

interface Known {
  /** The collectors and listeners that run now. */
  readonly runs: readonly Run[]
  story (seq: number): Story
  hasSucceeded (id: string, listener: string): boolean
}

/** Judges what collectors get, and when. */
export class Bursts {
  readonly #world: World
  readonly #known: Known
  /** Since when events have waited that are the first of their lane, and that nobody has claimed. */
  #waiting = new Map<number, number>()
  /** Collectors that an event may be done without, by its id: they were removed while it was claimed. */
  readonly #excused = new Map<string, Set<string>>()
  /** The collectors that have had an event, by its id: one that is at work after its time is not called again for one that is posted again. */
  readonly #had = new Map<string, Set<string>>()

  constructor (world: World, known: Known) {
    this.#world = world
    this.#known = known
  }

  began (burst: Burst): void {
    const { collector, events } = burst
    this.#judgeRule(burst)
    this.#judgeOrder(burst)
    for (const { id, seq } of events) {
      const { collects } = this.#known.story(seq)
      if (!collects && listenersOf(this.#world.settings, false).length > 0) this.#world.violate('order', `${keyOf(collector)} gets ${this.#nameOf(id)}, whose listeners are not through`)
      const running = this.#known.runs.find((run) => run.event.seq === seq && !isOfCollector(run) && this.#counts(run))
      if (running !== undefined) this.#world.violate('order', `${keyOf(collector)} gets ${this.#nameOf(id)} while ${running.listener} is at work on it`)
      this.#had.set(id, (this.#had.get(id) ?? new Set()).add(keyOf(collector)))
    }
  }

  /** A burst is what lib/deliver/burst.ts says it is: all of that, and no more. */
  #judgeRule ({ claim, collector, events }: Burst): void {
    const { quiet, within, most } = collector
    const key = keyOf(collector)
    const end = claim.events.findIndex(({ collectedFrom }) => collectedFrom === undefined)
    const wanted = claim.events.slice(0, end === -1 ? Infinity : end).filter((event) => event.isDiscarded !== true && !isThrough(event, key))
    const expected: ClaimedEvent[] = []
    for (const event of wanted) {
      const [first, before] = [expected[0] ?? event, expected.at(-1) ?? event]
      if (expected.length === most || Math.abs(event.receivedAt - before.receivedAt) > quiet || Math.abs(event.receivedAt - first.receivedAt) > within) break
      expected.push(event)
    }
    if (events.length !== expected.length || events.some((event, i) => event !== expected[i])) {
      this.#world.violate('bursts', `${key} gets ${this.#namesOf(events)}, and its burst is ${this.#namesOf(expected)}`)
      return
    }
    const [first, last] = [expected[0], expected.at(-1)]
    const follows = wanted[expected.length]?.receivedAt ?? 0
    if (first === undefined || last === undefined || expected.length === most || follows > last.receivedAt || this.#world.wasClockSet) return
    const early = Math.min(last.receivedAt + quiet, first.receivedAt + within) - this.#world.clock.date()
    if (early > 0) this.#world.violate('bursts', `${key} gets ${this.#namesOf(events)} ${early} ms before the burst is complete`)
  }

  #judgeOrder ({ life, claim, collector, events }: Burst): void {
    const [key, { lane }] = [keyOf(collector), claim.claim]
    const seqs = new Set(events.map(({ seq }) => seq))
    const same = this.#known.runs.find((run) => run.life === life && run.listener === key && seqs.has(run.event.seq))
    if (same !== undefined) this.#world.violate('order', `${key} is called for ${this.#namesOf(events)} while it is at work on it`)
    const other = this.#known.runs.find((run) => run.lane === lane && run.listener === key && !seqs.has(run.event.seq) && this.#counts(run))
    if (other !== undefined) this.#world.violate('order', `${key} gets ${this.#namesOf(events)} while it is at work on ${this.#nameOf(other.event.id)}`)
    const [first] = events
    if (first === undefined || isBesideOthers(lane) || this.#known.story(first.seq).wasAside) return
    const before = this.#world.store.rows().find((row) => row.seq < first.seq && !claim.events.some(({ seq }) => seq === row.seq) && this.#isBefore(row, first, key))
    if (before !== undefined) this.#world.violate('order', `${key} gets ${this.#namesOf(events)} before ${this.#nameOf(before.id)}`)
  }

  /** Whether the collector is to have the event of a row before this one. */
  #isBefore ({ seq, id, lane, state }: Row, first: ClaimedEvent, key: string): boolean {
    const { wasAside, outcome, succeeded } = this.#known.story(seq)
    const home = String(first.collectedFrom)
    if (state !== 'pending' || wasAside || this.#world.isInvalid(id) || (lane !== home && lane !== COLLECT + home)) return false
    if (outcome === undefined) return !succeeded.has(key) && !this.#known.hasSucceeded(id, key) // with a process that has ended since
    return outcome.state === 'pending' && !outcome.completed.includes(key) && outcome.refused?.includes(key) !== true
  }

  #counts ({ deadline, life, isAbandoned, claim }: Run): boolean {
    return this.#world.clock.now < deadline && life.state !== 'closed' && !isAbandoned && !claim.isTakenOver
  }

  /** What a process says of an event, also one that it may have lost: what is done, is so. */
  settled ({ away, events }: OpenClaim, { id, completed, refused = [], isDiscarded }: ClaimedEvent, outcome: Outcome): void {
    if (this.#world.collectors.length === 0 || isDiscarded === true) return
    if (outcome.state === 'done') this.#excused.set(id, new Set([...this.#excused.get(id) ?? [], ...away]))
    if (outcome.state === 'pending' || outcome.state === 'invalid' || this.#world.isInvalid(id)) return
    for (const collector of this.#world.collectors) {
      const key = keyOf(collector)
      const isThrough = away.has(key) || completed.includes(key) || this.#known.hasSucceeded(id, key)
      const isDead = outcome.state === 'dead' && (this.#had.get(id)?.has(key) === true || refused.includes(key) || events.some(({ interrupted }) => interrupted))
      if (!isThrough && !isDead) this.#world.violate('nothing-lost', `${this.#nameOf(id)} is ${outcome.state}, and ${key} has not had it`)
    }
  }

  /** It is to wait for collectors: its listeners have to be through with it. */
  waits ({ id, seq, completed, collectedFrom }: ClaimedEvent, { refused = [] }: Outcome): void {
    if (collectedFrom !== undefined) return
    const { succeeded } = this.#known.story(seq)
    const missing = listenersOf(this.#world.settings, false).find((listener) => !succeeded.has(listener) && !completed.includes(listener) && !refused.includes(listener) && !this.#known.hasSucceeded(id, listener))
    if (missing !== undefined) this.#world.violate('order', `${this.#nameOf(id)} waits for collectors, and ${missing} is not through with it`)
  }

  /** Whether the event of a collector that has ended waits for it, with all its attempts: it has to have succeeded, or failed for good. */
  hasBegunAnew ({ event: { seq }, listener }: Run, outcomes: readonly Outcome[]): boolean {
    const outcome = outcomes.find((outcome) => outcome.seq === seq)
    return outcome?.collects === true && !outcome.completed.includes(listener) && outcome.refused?.includes(listener) !== true
  }

  /** What is stored as done in the end. */
  judgeDone (id: string): void {
    const missing = this.#world.collectors.map(keyOf).find((key) => !this.#known.hasSucceeded(id, key) && this.#excused.get(id)?.has(key) !== true)
    if (missing !== undefined) this.#world.violate('nothing-lost', `${this.#nameOf(id)} is stored as done, and ${missing} has never succeeded`)
  }

  /** To be called again and again while all goes well. */
  judgeWaiting (claimed: readonly string[]): void {
    const { clock, setBack } = this.#world
    const firsts = new Map<string, Row>()
    for (const row of this.#world.store.rows()) {
      if (row.state !== 'pending' || !row.lane.startsWith(COLLECT)) continue
      if (row.seq < (firsts.get(row.lane)?.seq ?? Infinity)) firsts.set(row.lane, row)
    }
    const free = [...firsts.values()].filter(({ lane, attempts }) => attempts === 0 && !claimed.includes(lane))
    this.#waiting = new Map(free.map(({ seq }) => [seq, this.#waiting.get(seq) ?? clock.now]))
    const late = free.find(({ seq }) => clock.now - Number(this.#waiting.get(seq)) > LONGEST_WAIT + setBack)
    if (late !== undefined) this.#world.violate('in-time', `${this.#nameOf(late.id)} waits for collectors, and nobody looks at it`)
  }

  #namesOf (events: readonly ClaimedEvent[]): string {
    return events.length === 0 ? 'nothing' : events.map(({ id }) => this.#nameOf(id)).join(', ')
  }

  #nameOf (id: string): string {
    return this.#world.nameOf(id)
  }
}

export function isOfCollector ({ first }: Run): boolean {
  return first !== undefined
}

function isThrough ({ completed, refused = [] }: ClaimedEvent, key: string): boolean {
  return completed.includes(key) || refused.includes(key)
}

/** Whether a lane is that of a burst that was set aside. */
export function isBesideOthers (lane: string): boolean {
  return lane.startsWith(ASIDE) || lane.startsWith(COLLECT + ASIDE)
}
