import type { FastifyBaseLogger } from 'fastify'
import { errorOf, quietly } from '../errors/error-of.ts'
import type { EventCatalogue } from '../events/catalogue.ts'
import type { Claim, ClaimedEvent, Outcome } from '../inbox/inbox.ts'
import { areDeliveriesObserved, channels } from '../observe/channels.ts'
import type { Collector } from '../webhooks/collectors.ts'
import { BurstContext } from '../webhooks/context.ts'
import { Webhooks } from '../webhooks/webhooks.ts'
import type { AttemptRunner } from './attempt-runner.ts'
import { NOTHING_SKIPPED } from './attempt.ts'
import { outcomeOf, together } from './burst-outcome.ts'
import { firstBurst } from './burst.ts'
import type { CollectorBurst, KeyedCollector } from './burst.ts'
import { keyed, leftOf } from './collected.ts'
import { newMessage } from './delivery-messages.ts'
import type { ListenerKeys } from './listeners.ts'
import type { UnhandledEvents } from './unhandled-events.ts'
import type { WaitingBursts } from './waiting-bursts.ts'

/** What became of the first events of a claim, and when its lane is due again: at once if it is not given. */
export interface Collected {
  readonly outcomes: readonly Outcome[]
  readonly dueAt?: number
}

interface Parts {
  readonly webhooks: Webhooks
  readonly log: FastifyBaseLogger
  readonly catalogue: EventCatalogue
  readonly keys: ListenerKeys
  readonly attempts: AttemptRunner
  readonly waiting: WaitingBursts
  readonly unhandled: UnhandledEvents
}

/** An event, and those of its collectors that are to have it still. */
interface Waiting {
  readonly event: ClaimedEvent
  readonly left: readonly KeyedCollector[]
}

const NONE: readonly never[] = []

/** Hands bursts of events over to collectors. */
export class BurstRunner {
  readonly #parts: Parts

  constructor (parts: Parts) {
    this.#parts = parts
  }

  /** Calls each collector whose burst is complete. Returns a promise only if one returned one; never throws or rejects. */
  run (claim: Claim): Collected | Promise<Collected> {
    const waiting = this.#waitingOf(claim)
    const bursts = burstsOf(waiting).map((burst) => this.#asBefore(burst))
    const complete = this.#parts.waiting.completeOf(claim, bursts)
    const isWanted = ({ event, left }: Waiting) => event.isDiscarded !== true && left.length > 0
    if (complete.length === 0 && waiting.every(isWanted)) return { outcomes: [], dueAt: this.#parts.waiting.wait(claim, bursts) }
    this.#parts.waiting.end(claim, complete)
    const results = complete.map((burst) => this.#call(claim.lane, burst, waiting[0]?.event.interrupted === true))
    const known = results.filter((result): result is Outcome => !(result instanceof Promise))
    return known.length === results.length ? this.#collected(waiting, complete, known) : this.#wait(waiting, complete, results)
  }

  async #wait (waiting: readonly Waiting[], complete: readonly CollectorBurst[], results: ReadonlyArray<Outcome | Promise<Outcome | undefined>>): Promise<Collected> {
    return this.#collected(waiting, complete, await Promise.all(results.map(async (result) => await result)))
  }

  /**
   * What its collector is at work on, or has succeeded with after its time, is a burst: whatever has come in since is not of it. It is the next one,
   * also if what was set aside has come before it since.
   */
  #asBefore (burst: CollectorBurst): CollectorBurst {
    const { key, collector: { listener }, all } = burst
    const given = all.map((event) => this.#parts.attempts.givenBefore(key, listener, event))
    const first = given.find((result) => result !== undefined)
    return first === undefined ? burst : { ...burst, events: all.filter((_event, i) => given[i] === first), completeAt: null }
  }

  #waitingOf ({ events }: Claim): Waiting[] {
    const { webhooks, catalogue, keys, unhandled } = this.#parts
    const collectors = Webhooks.collectorsOf(webhooks)
    const end = events.findIndex(({ collectedFrom }) => collectedFrom === undefined)
    return (end === -1 ? events : events.slice(0, end)).map((event) => {
      const name = catalogue.nameOf(event.event)
      const all = keyed(collectors.of(name), keys)
      if (all.length === 0) quietly(() => { unhandled.tellOfCollected(event, name) })
      return { event, left: leftOf(event, all) }
    })
  }

  /** A burst's outcome is that of each of its events. Nothing is said of those behind the last one that something became of. */
  #collected (waiting: readonly Waiting[], bursts: readonly CollectorBurst[], results: ReadonlyArray<Outcome | undefined>): Collected {
    const runs = together(bursts.map((burst, i) => ({ ...burst, result: results[i] })).filter(({ result }) => result !== undefined))
    const isTouched = ({ event, left }: Waiting) => event.isDiscarded === true || left.length === 0 || runs.some(({ events }) => events.includes(event))
    const outcomes = waiting.slice(0, waiting.findLastIndex(isTouched) + 1).map(({ event, left }) => outcomeOf(event, left, runs, this.#parts.keys))
    const retries = outcomes.filter(({ state, collects = false, aside = false }) => state === 'pending' && !collects && !aside).map(({ dueAt }) => Number(dueAt))
    return { outcomes, ...retries.length > 0 && { dueAt: Math.min(...retries) } }
  }

  #call (lane: string, { collector, key, events }: CollectorBurst, interrupted: boolean): Outcome | Promise<Outcome | undefined> {
    const { webhooks, log, attempts } = this.#parts
    const [first] = events as [ClaimedEvent] // a burst has one at least
    // Another collector may have failed with some of them before: none has more attempts than there are.
    const attempt = Math.max(...events.map((event) => event.attempt))
    const failingFor = Math.max(...events.map(({ failingFor = 0 }) => failingFor))
    const event = { ...first, attempt, failingFor, completed: NONE, refused: NONE, problems: null, interrupted }
    try {
      const context = new BurstContext(event, events.map(({ id }) => id), log)
      const given = events.map((each) => each.event)
      const message = areDeliveriesObserved() ? newMessage(webhooks, collector.name, event, context.ids) : undefined
      const burst = {
        lane, event, events, given, collector: key, collectors: NONE, context, listeners: [collector.listener], skipped: NOTHING_SKIPPED, start: performance.now(), message
      }
      if (message !== undefined) channels.deliveryStart.publish(message)
      return attempts.run(burst)
    } catch (thrown) {
      return attempts.unknown(event, errorOf(thrown))
    }
  }
}

/** The next burst of each collector. */
function burstsOf (waiting: readonly Waiting[]): CollectorBurst[] {
  const events = new Map<Collector, { collector: KeyedCollector, events: ClaimedEvent[] }>()
  for (const { event, left } of waiting) {
    if (event.isDiscarded === true) continue
    for (const collector of left) {
      const wanted = events.get(collector.collector) ?? { collector, events: [] }
      wanted.events.push(event)
      events.set(collector.collector, wanted)
    }
  }
  return Array.from(events.values(), ({ collector, events }) => ({ ...collector, all: events, ...firstBurst(events, collector.collector) }))
}
