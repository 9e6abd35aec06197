import type { Claim, ClaimedEvent, NewEvent, Outcome } from '../../lib/inbox/inbox.ts'
import { ASIDE, COLLECT } from '../../lib/inbox/sql/next-lane.ts'
import type { CollectContext } from '../../lib/webhooks/collectors.ts'
import { AddOrder } from './add-order.ts'
import { Answers } from './answers.ts'
import { Bursts, isOfCollector } from './collecting/bursts.ts'
import { keyOf } from './collecting/collectors.ts'
import type { Row } from './kind.ts'
import type { OpenClaim, Run, Story } from './ledger-entries.ts'
import type { Life } from './life.ts'
import { listenersOf } from './listeners.ts'
import type { CollectorSettings } from './settings.ts'
import type { World } from './world.ts'

/** What was seen of a schedule. It is judged as it is noted. */
export class Ledger {
  readonly #world: World
  readonly order: AddOrder
  readonly answers: Answers
  readonly bursts: Bursts
  #claims = new Map<Claim, OpenClaim>()
  readonly #stories = new Map<number, Story>()
  /** The listeners that have ever succeeded, by the event's id. */
  readonly #succeeded = new Map<string, Set<string>>()
  /**
   * Those that have succeeded after their time, or their lease, with the highest number that was stored then: that also counts if their process has
   * the same event again, but not if that has come again only since.
   */
  readonly #late = new Map<string, Map<string, number>>()
  /**
   * By the number of an event, the listeners that have succeeded with the same event from before it was removed, while their process had this one:
   * it may have waited for them.
   */
  readonly #awaited = new Map<number, Set<string>>()
  /** Processes that have left what is stored. */
  readonly #gone = new Set<Life>()
  #runs: Run[] = []

  constructor (world: World) {
    this.#world = world
    this.order = new AddOrder(world)
    this.answers = new Answers(world)
    const runs = () => this.#runs
    this.bursts = new Bursts(world, {
      get runs () { return runs() },
      story: (seq) => this.#story(seq),
      hasSucceeded: (id, listener) => this.hasSucceeded(id, listener)
    })
  }

  adding ({ id, collectAfter }: NewEvent): void {
    if (collectAfter === undefined) return
    this.#world.count('added: is to wait for collectors at once')
    if (listenersOf(this.#world.settings, false).length > 0) this.#world.violate('order', `${this.#nameOf(id)} is to wait for collectors at once, and listeners want it`)
  }

  claimed (life: Life, claims: readonly Claim[]): void {
    for (const claim of claims) {
      const { lane } = claim
      const events = [...claim.events]
      const isTakenOver = this.#world.store.holds?.(life, claim) === false // the answer came too late
      if (!isTakenOver && [...this.#claims.values()].some((other) => other.claim.lane === lane && !other.isTakenOver)) {
        this.#world.violate('order', `lane ${lane} was claimed, and is claimed once more`)
      }
      this.#claims.set(claim, { life, claim, events, begun: new Set(), isTakenOver, away: this.#awayOf(life), collected: [] })
      if (isTakenOver) continue
      for (const { id, seq, completed, isAside } of events) {
        const story = this.#story(seq)
        Object.assign(story, { life, outcome: undefined, wasAside: story.wasAside || isAside === true })
        const unknown = completed.find((listener) => !this.hasSucceeded(id, listener))
        if (unknown !== undefined) this.#world.violate('nothing-lost', `${unknown} is not to be called for ${this.#nameOf(id)}, and has never succeeded`)
      }
    }
  }

  began (life: Life, listener: string, { id, attempt }: { id: string, attempt: number }): Run {
    const claim = [...this.#claims.values()].findLast((open) => open.life === life && open.events.some((event) => event.id === id))
    const event = claim?.events.find((event) => event.id === id)
    if (claim === undefined || event === undefined) throw new Error(`${this.#nameOf(id)} is delivered, and was not claimed`)
    const { claim: { lane } } = claim
    const run = { life, event, lane, listener, claim, deadline: this.#world.clock.now + this.#world.settings.timeout, isAbandoned: false }
    if (life.state === 'closed') this.#world.violate('closing-ends', `${listener} is called for ${this.#nameOf(id)} after the app was closed`)
    if ((claim.claim.isHeld === false || claim.isTakenOver) && !claim.begun.has(event)) this.#world.violate('order', `${this.#nameOf(id)} begins, and the lease of its lane has run out`)
    this.#judgeAttempts(claim, event, attempt)
    this.#judgeRepeat(run)
    this.#judgeOrder(run)
    claim.begun.add(event)
    this.#runs.push(run)
    return run
  }

  /** A collector gets events: at least one. */
  beganBurst (life: Life, collector: CollectorSettings, { ids, attempt }: CollectContext): readonly [Run, ...Run[]] {
    const listener = keyOf(collector)
    const claim = [...this.#claims.values()].findLast((open) => open.life === life && open.events.some(({ id, collectedFrom }) => collectedFrom !== undefined && id === ids[0]))
    const events = claim?.events.filter(({ id }) => ids.includes(id)) ?? []
    const [first] = events
    if (claim === undefined || first === undefined || events.length !== ids.length) throw new Error(`${ids.map((id) => this.#nameOf(id)).join(', ')} are handed over, and were not claimed`)
    const { claim: { lane } } = claim
    if (life.state === 'closed') this.#world.violate('closing-ends', `${listener} is called for ${this.#nameOf(first.id)} after the app was closed`)
    if ((claim.claim.isHeld === false || claim.isTakenOver) && !claim.begun.has(first)) this.#world.violate('order', `${this.#nameOf(first.id)} is handed over, and the lease of its lane has run out`)
    this.bursts.began({ life, claim, collector, events })
    const deadline = this.#world.clock.now + this.#world.settings.timeout
    const [run, ...more] = events.map((event): Run => {
      const run = { life, event, lane, listener, claim, deadline, isAbandoned: false, first }
      this.#judgeAttempts(claim, event, attempt)
      this.#judgeRepeat(run)
      claim.begun.add(event)
      return run
    })
    const runs = [run as Run, ...more] as const // there is a first event
    claim.collected.push(...runs)
    this.#runs.push(...runs)
    return runs
  }

  /** A process has a collector no more: what it has claimed may be done without it. */
  collectorRemoved (life: Life, collector: CollectorSettings): void {
    for (const open of this.#claims.values()) if (open.life === life) open.away.add(keyOf(collector))
  }

  #awayOf (life: Life): Set<string> {
    return new Set(this.#world.collectors.filter((collector) => !life.collectors.has(collector)).map(keyOf))
  }

  ended (run: Run, succeeded: boolean): void {
    if (run.life.isOver) return
    this.#runs = this.#runs.filter((other) => other !== run)
    const { event: { id, seq }, listener } = run
    this.#world.say(() => `    [${run.life.number}] ${listener}(${this.#nameOf(id)}) has ${succeeded ? 'succeeded' : 'failed'}`)
    if (!succeeded || run.isAbandoned || run.life.state === 'closed') return // the next process knows nothing of it
    const isLate = this.#world.clock.now >= run.deadline
    if (!run.claim.isTakenOver) this.#story(seq).succeeded.set(listener, isLate ? run.life : undefined)
    const ever = this.#succeeded.get(id) ?? new Set()
    this.#succeeded.set(id, ever.add(listener))
    const again = [...this.#claims.values()].filter((open) => open.life === run.life).flatMap(({ events }) => events.filter((event) => event.id === id && event.seq !== seq))
    for (const event of again) this.#awaited.set(event.seq, (this.#awaited.get(event.seq) ?? new Set()).add(listener))
    if (isLate || run.claim.isTakenOver) this.#late.set(id, (this.#late.get(id) ?? new Map<string, number>()).set(listener, this.#lastSeq()))
  }

  /** The transaction of a listener was committed, whether it learns of that or not. */
  committed ({ event: { id }, listener }: Run): void {
    this.#succeeded.set(id, (this.#succeeded.get(id) ?? new Set()).add(listener))
  }

  /** Whether a listener has succeeded with an event after its time, or its lease. */
  wasLate ({ id, seq }: { readonly id: string, readonly seq: number }, listener: string): boolean {
    return seq <= (this.#late.get(id)?.get(listener) ?? -1)
  }

  #lastSeq (): number {
    return Math.max(-1, ...this.#world.store.rows().map(({ seq }) => seq))
  }

  settled (life: Life, claim: Claim, outcomes: readonly Outcome[]): void {
    const open = this.#claims.get(claim)
    if (life.isOver || open === undefined) return // or it is given back once more
    this.#claims.delete(claim)
    for (const [i, outcome] of outcomes.entries()) {
      const event = open.events[i]
      if (event !== undefined) this.bursts.settled(open, event, outcome)
    }
    const failed = open.collected.find((run) => !this.#runs.includes(run) && this.bursts.hasBegunAnew(run, outcomes))
    if (failed !== undefined) this.#world.violate('attempts', `${failed.listener} has failed with ${this.#nameOf(failed.event.id)}, which waits for it as if it had not`)
    if (open.isTakenOver) return
    const ofCollectors = open.events[0]?.collectedFrom !== undefined
    for (const run of this.#runs) if (isOfCollector(run) && run.claim === open && this.#world.clock.now < run.deadline) run.isAbandoned = true // it is settled without it
    for (const [i, event] of open.events.entries()) {
      const outcome = outcomes[i]
      if (outcome !== undefined) this.#settle(event, outcome)
      else if (open.begun.has(event)) this.#abandon(event)
      if (i >= outcomes.length || ofCollectors || outcome?.collects === true) continue
      const behind = open.events.slice(i + 1).find((event) => open.begun.has(event))
      if (outcome?.state === 'pending' && behind !== undefined) this.#world.violate('order', `${this.#nameOf(behind.id)} was delivered, and ${this.#nameOf(event.id)} before it is to be tried again`)
    }
  }

  #settle (event: ClaimedEvent, outcome: Outcome): void {
    const { id, seq, completed, isDiscarded } = event
    this.#world.count(`outcome: ${outcome.state}${outcome.collects === true ? ', waits for collectors' : ''}${outcome.aside === true ? ', beside its lane' : ''}`)
    this.#world.say(() => `    ${this.#nameOf(id)} is ${outcome.state}${outcome.dueAt === null ? '' : `, due in ${outcome.dueAt - this.#world.clock.date()} ms`}${outcome.collects === true ? ', waits for collectors' : ''}${outcome.aside === true ? ', beside its lane' : ''}`)
    const story = this.#story(seq)
    story.outcome = outcome
    story.wasAside ||= outcome.aside === true
    if (outcome.collects === true) {
      this.bursts.waits(event, outcome)
      Object.assign(story, { collects: true, deliveries: 0 })
    }
    if (outcome.state === 'dead') this.answers.died(id)
    if (outcome.state !== 'done' || isDiscarded === true) return
    const isInvalid = this.#world.isInvalid(id)
    for (const listener of listenersOf(this.#world.settings, isInvalid)) {
      const has = story.succeeded.has(listener) || completed.includes(listener) || this.wasLate(event, listener) || this.#awaited.get(seq)?.has(listener) === true
      if (!has && !this.#isReplayedAsItIs(event, isInvalid)) this.#world.violate('nothing-lost', `${this.#nameOf(id)} is done, and ${listener} has not succeeded`)
    }
  }

  /** An invalid event that was replayed is delivered under its own name, to other listeners. */
  #isReplayedAsItIs ({ problems }: ClaimedEvent, isInvalid: boolean): boolean {
    return isInvalid && problems === null
  }

  /** Its attempt counts for nothing: closing has not waited for it. */
  #abandon (event: ClaimedEvent): void {
    for (const run of this.#runs) if (run.event === event) run.isAbandoned = true
    const story = this.#story(event.seq)
    story.deliveries--
    story.succeeded.clear()
  }

  /** A process has ended without closing its inbox: what it had not stored is as if it had not been. */
  crashed (life: Life): void {
    this.#forget(life)
    this.goBack(life)
  }

  closed (life: Life): void {
    const open = [...this.#claims.values()].find((claim) => claim.life === life)
    if (open !== undefined) this.#world.violate('claims-end', `the app was closed, and lane ${open.claim.lane} was not given back`)
    for (const left of this.#world.store.left?.(life) ?? []) this.#world.violate('closing-ends', `process ${life.number} was closed, and ${left}`)
    this.#forget(life)
    this.left(life)
  }

  /**
   * A process that is closing has left what is stored to the next one: what it could not store is as if it had not been. If that is known
   * before it has closed, the next one may have begun since.
   */
  left (life: Life): void {
    if (this.#world.wasFaulty && !this.#gone.has(life)) this.goBack(life)
    this.#gone.add(life)
  }

  /** A lease has run out, and its lane is for others, with these events: of what its process has done and not stored, nothing counts. */
  takenOver (lane: string, pending: ReadonlyArray<{ readonly seq: number, readonly attempts: number }>): void {
    for (const open of this.#claims.values()) {
      if (open.claim.lane !== lane || open.isTakenOver) continue
      open.isTakenOver = true
      this.#world.count('a lane is taken over from a process that is alive')
    }
    for (const { seq, attempts } of pending) Object.assign(this.#story(seq), { life: undefined, deliveries: attempts, succeeded: new Map(), outcome: undefined, collects: lane.startsWith(COLLECT) })
  }

  /** A process has ended, or what it had sent until then was recorded only now: of its events, nothing counts but what is stored. */
  goBack (life: Life): void {
    for (const { seq, state, attempts, lane, notedFor = life } of this.#world.store.rows()) {
      const story = this.#story(seq)
      if (state !== 'pending' || story.life !== life) continue
      story.deliveries = notedFor === life ? attempts : attempts - 1 // another one has it, and has not heard of that yet
      story.succeeded.clear()
      story.outcome = undefined
      story.collects = lane.startsWith(COLLECT)
    }
  }

  #forget (life: Life): void {
    this.#claims = new Map([...this.#claims].filter(([, open]) => open.life !== life))
    this.#runs = this.#runs.filter((run) => run.life !== life)
    if (this.#world.kind.durable) return
    this.#stories.clear()
    this.order.clear()
    this.answers.clear()
  }

  /** Whether a process knows that it has a lane. */
  holds (life: Life, lane: string): boolean {
    return [...this.#claims.values()].some((open) => open.life === life && open.claim.lane === lane)
  }

  /** Whether a listener has ever succeeded with an event. */
  hasSucceeded (id: string, listener: string): boolean {
    return this.#succeeded.get(id)?.has(listener) === true
  }

  /** Whether a process has claimed anything. */
  isBusy (life: Life): boolean {
    return [...this.#claims.values()].some((open) => open.life === life)
  }

  /** The lanes that are claimed. */
  open (): string[] {
    return Array.from(this.#claims.values(), ({ claim: { lane } }) => lane)
  }

  #judgeAttempts (claim: OpenClaim, { id, seq }: ClaimedEvent, attempt: number): void {
    const { attempts: most } = this.#world.settings.retry
    const story = this.#story(seq)
    if (![...claim.begun].some((event) => event.seq === seq)) story.deliveries++
    const all = this.#world.kind.isSuspect?.(claim.claim) === true ? most + 1 : most
    if (story.deliveries > all || attempt > all) this.#world.violate('attempts', `${this.#nameOf(id)} is delivered ${story.deliveries} times, this is attempt ${attempt}, and ${all} are all`)
  }

  #judgeRepeat ({ life, event: { id, seq }, listener }: Run): void {
    const { succeeded } = this.#story(seq)
    if (succeeded.has(listener) && (succeeded.get(listener) ?? life) === life) this.#world.violate('repeats', `${listener} is called for ${this.#nameOf(id)} again, and has succeeded`)
  }

  #judgeOrder ({ life, event, lane, listener }: Run): void {
    if (this.#runs.some((run) => run.life === life && run.event.seq === event.seq && run.listener === listener)) {
      this.#world.violate('order', `${listener} is called for ${this.#nameOf(event.id)} while it is at work on it`)
    }
    if (lane.startsWith(ASIDE)) return
    const now = this.#world.clock.now
    const other = this.#runs.find((run) => !isOfCollector(run) && run.lane === lane && run.event.id !== event.id && now < run.deadline && run.life.state !== 'closed' && !run.isAbandoned && !run.claim.isTakenOver)
    if (other !== undefined) this.#world.violate('order', `${this.#nameOf(event.id)} begins while ${other.listener} is at work on ${this.#nameOf(other.event.id)}`)
    const before = this.#world.store.rows().find((row) => row.lane === lane && row.seq < event.seq && row.state === 'pending' && !this.#isThrough(row, event))
    if (before !== undefined) this.#world.violate('order', `${this.#nameOf(event.id)} begins before ${this.#nameOf(before.id)} is through`)
  }

  /** Whether the event of a row does not hold up another one: what became of it may be known, and not stored yet. */
  #isThrough ({ seq }: Row, { seq: later }: ClaimedEvent): boolean {
    const outcome = this.#stories.get(seq)?.outcome
    if (outcome !== undefined) return outcome.state !== 'pending' || outcome.aside === true || outcome.collects === true
    // Of one claim: it is settled together with it, and judged then.
    return [...this.#claims.values()].some(({ events }) => events.some((event) => event.seq === later) && events.some((event) => event.seq === seq))
  }

  #story (seq: number): Story {
    const story = this.#stories.get(seq) ?? { life: undefined, deliveries: 0, succeeded: new Map<string, Life | undefined>(), outcome: undefined, collects: false, wasAside: false }
    this.#stories.set(seq, story)
    return story
  }

  #nameOf (id: string): string {
    return this.#world.nameOf(id)
  }
}
