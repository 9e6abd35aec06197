import type { FastifyBaseLogger } from 'fastify'
import { errorOf, quietly } from '../errors/error-of.ts'
import type { EventCatalogue } from '../events/catalogue.ts'
import type { UnknownEvent } from '../events/schemas.ts'
import type { Claim, ClaimedEvent, Inbox, Outcome } from '../inbox/inbox.ts'
import { areDeliveriesObserved, channels } from '../observe/channels.ts'
import type { RequestContexts } from '../observe/request-contexts.ts'
import type { CollectedAtOnce } from '../webhooks/collectors.ts'
import { DeliveryContext } from '../webhooks/context.ts'
import type { ResolvedOptions } from '../webhooks/options.ts'
import { Webhooks } from '../webhooks/webhooks.ts'
import { AttemptRunner } from './attempt-runner.ts'
import { hasSkipped, NOTHING_SKIPPED, skippedOf } from './attempt.ts'
import { BurstRunner } from './burst-runner.ts'
import type { Collected } from './burst-runner.ts'
import { newMessage } from './delivery-messages.ts'
import { ListenerKeys, wanting } from './listeners.ts'
import { UnhandledEvents } from './unhandled-events.ts'
import { WaitingBursts } from './waiting-bursts.ts'

/** Before what waits for collectors is looked at again, if that has failed, in milliseconds. */
const COLLECT_AGAIN_AFTER = 1_000

interface Parts {
  readonly webhooks: Webhooks
  readonly log: FastifyBaseLogger
  readonly catalogue: EventCatalogue
  readonly options: Pick<ResolvedOptions, 'timeout' | 'retry'>
  /** Whether a failed event can be delivered again. */
  readonly durable: boolean
  /** The inbox's, if it has one. */
  readonly completion?: Inbox['completion'] | undefined
  readonly contexts: RequestContexts
}

/** Nothing of anything, of which there is one. */
const NONE: readonly never[] = []

/** Delivers claimed events: each to its listeners, and bursts of them to collectors. */
export class ListenerRunner {
  readonly #parts: Parts
  readonly #keys = new ListenerKeys()
  readonly #attempts: AttemptRunner
  readonly #bursts: BurstRunner
  readonly #unhandled: UnhandledEvents
  readonly #waiting = new WaitingBursts()

  constructor (parts: Parts) {
    this.#parts = parts
    this.#unhandled = new UnhandledEvents(parts)
    const own = { ...parts, keys: this.#keys, waiting: this.#waiting }
    this.#attempts = new AttemptRunner(own)
    this.#bursts = new BurstRunner({ ...own, attempts: this.#attempts, unhandled: this.#unhandled })
  }

  /**
   * An event that comes in, and is of its schema, is to wait for collectors, if they alone want it: undefined if not. It counts as one that waits
   * until that is taken back, as it has to be if it is not accepted.
   */
  collectAtOnce (event: UnknownEvent, lane: string, id: string): CollectedAtOnce | undefined {
    const { webhooks, catalogue } = this.#parts
    if (!Webhooks.collectorsOf(webhooks).areThere) return undefined
    const { listeners, collectors } = wanting(webhooks, catalogue.nameOf(event))
    if (listeners.length > 0 || collectors.length === 0) return undefined
    const isNew = !this.#waiting.has(lane, id)
    const wait = this.#waiting.waitOf(lane, { id, receivedAt: Date.now() }, collectors)
    return { wait, takeBack: () => { if (isNew) this.#waiting.forget(lane, id) } } // of one that is known, the first waits still
  }

  /**
   * Runs all listeners, each in its own try. Returns what became of the event, and a promise only if a listener returned one;
   * it never throws or rejects, and holds nothing if the attempt was abandoned. `lane` is that of the claim.
   */
  run (event: ClaimedEvent, lane = event.id): Outcome | Promise<Outcome | undefined> {
    try {
      return this.#deliver(event, lane)
    } catch (thrown) {
      return this.#attempts.unknown(event, thrown)
    }
  }

  /** The same for a claim whose events wait for collectors. */
  collect (claim: Claim): Collected | Promise<Collected> {
    try {
      const collected = this.#bursts.run(claim)
      return collected instanceof Promise ? collected.catch((thrown: unknown) => this.#collectAgain(thrown)) : collected
    } catch (thrown) {
      return this.#collectAgain(thrown)
    }
  }

  /** Whatever came of it counts for nothing: the claim has to end. */
  #collectAgain (thrown: unknown): Collected {
    quietly(() => { this.#parts.log.error({ err: errorOf(thrown) }, 'what waits for collectors could not be handed over: it is tried again') })
    return { outcomes: [], dueAt: Date.now() + COLLECT_AGAIN_AFTER }
  }

  /** Stops waiting for every listener that runs; returns for how many events. */
  abandon (): number {
    return this.#attempts.abandon()
  }

  #deliver (claimed: ClaimedEvent, lane: string): Outcome | Promise<Outcome | undefined> {
    const { webhooks, log, catalogue, contexts } = this.#parts
    // What did not fit when it came in may do so by now: then it is not dead of what listeners of `invalid` have refused.
    const isMended = claimed.problems !== null && catalogue.fits(claimed.event)
    const event = isMended ? { ...claimed, refused: claimed.refused?.filter((key) => !ListenerKeys.isOfInvalid(key)) } : claimed
    const problems = claimed.problems === null || isMended ? NONE : claimed.problems
    const name = problems === NONE ? catalogue.nameOf(event.event) : 'invalid'
    const { listeners, collectors } = wanting(webhooks, name)
    if (listeners.length + collectors.length === 0 && problems === NONE) this.#unhandled.tell(event, name)
    const context = new DeliveryContext(event, problems, log)
    const keys = problems === NONE ? undefined : this.#keys.ofInvalid(listeners)
    const skipped = hasSkipped(event) ? skippedOf(event, keys ?? this.#keys.of(listeners)) : NOTHING_SKIPPED
    const message = areDeliveriesObserved() ? newMessage(webhooks, name, event) : undefined
    const attempt = { lane, event, events: [event], given: event.event, keys, collectors, context, listeners, skipped, start: performance.now(), message }
    if (message === undefined) return this.#attempts.run(attempt)
    return contexts.run(event.id, () => {
      channels.deliveryStart.publish(message)
      return this.#attempts.run(attempt)
    })
  }
}
