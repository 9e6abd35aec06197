import type { FastifyBaseLogger } from 'fastify'
import { errorOf, quietly } from '../errors/error-of.ts'
import type { EventCatalogue } from '../events/catalogue.ts'
import type { ClaimedEvent, Inbox, Outcome } from '../inbox/inbox.ts'
import { areDeliveriesObserved, channels } from '../observe/channels.ts'
import type { RequestContexts } from '../observe/request-contexts.ts'
import { CompletingContext } from '../webhooks/completing-context.ts'
import { DeliveryContext } from '../webhooks/context.ts'
import type { WebhookContext } from '../webhooks/context.ts'
import type { ResolvedOptions } from '../webhooks/options.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { isSkipped, recordOf, skippedOf } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { NEVER, nextTry } from './backoff.ts'
import { newMessage, tell } from './delivery-messages.ts'
import { Failures } from './failures.ts'
import { ListenerKeys, listenersOf } from './listeners.ts'
import { retryDirectiveOf } from './retry-directive.ts'
import { failed, succeeded, RunningAttempts, RunningListeners } from './running-listeners.ts'
import type { ListenerEnd } from './running-listeners.ts'
import { TimedOutListeners } from './timed-out-listeners.ts'
import { UnhandledEvents } from './unhandled-events.ts'

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

/** Delivers one event: calls its listeners, and makes of what they do an outcome for the inbox. */
export class ListenerRunner {
  readonly #parts: Parts
  readonly #running = new RunningAttempts()
  readonly #keys = new ListenerKeys()
  readonly #timedOut = new TimedOutListeners()
  readonly #failures: Failures
  readonly #unhandled: UnhandledEvents

  constructor (parts: Parts) {
    this.#parts = parts
    const { webhooks, durable, options: { retry } } = parts
    this.#unhandled = new UnhandledEvents(parts)
    this.#failures = new Failures({ webhooks, durable, retry, keys: this.#keys, timedOut: this.#timedOut })
  }

  /**
   * Runs all listeners, each in its own try. Returns what became of the event, and a promise only if a listener returned one;
   * it never throws or rejects, and holds nothing if the attempt was abandoned.
   */
  run (event: ClaimedEvent): Outcome | Promise<Outcome | undefined> {
    try {
      return this.#deliver(event)
    } catch (thrown) {
      return this.#unknown(event, thrown)
    }
  }

  #deliver (claimed: ClaimedEvent): Outcome | Promise<Outcome | undefined> {
    const { webhooks, log, catalogue, contexts } = this.#parts
    // What did not fit when it came in may do so by now: then what listeners of `invalid` have completed is nothing to its own.
    const isMended = claimed.problems !== null && catalogue.fits(claimed.event)
    const event = isMended ? { ...claimed, completed: NONE, refused: NONE } : claimed
    const problems = claimed.problems === null || isMended ? NONE : claimed.problems
    const name = problems === NONE ? catalogue.nameOf(event.event) : 'invalid'
    const listeners = listenersOf(webhooks, name)
    if (listeners.length === 0 && problems === NONE) this.#unhandled.tell(event, name)
    const context = new DeliveryContext(event, problems, log)
    const skipped = skippedOf(event, listeners, this.#keys)
    if (!areDeliveriesObserved()) return this.#run({ event, context, listeners, skipped, start: performance.now(), message: undefined })
    const message = newMessage(webhooks, name, event)
    return contexts.run(event.id, () => {
      channels.deliveryStart.publish(message)
      return this.#run({ event, context, listeners, skipped, start: performance.now(), message })
    })
  }

  #run (attempt: Attempt): Outcome | Promise<Outcome | undefined> {
    const { event, context, listeners, skipped, message } = attempt
    const { webhooks } = this.#parts
    if (event.interrupted === true) return this.#outcome(attempt, this.#failures.interrupted(attempt))
    const timedOut = this.#timedOut.get(event.id)
    let ends: ListenerEnd[] | undefined
    let running: RunningListeners | undefined
    // No iterator and no closure: this is on the way of every event.
    for (let index = 0; index < listeners.length; index++) {
      const listener = listeners[index]
      if (listener === undefined || isSkipped(skipped, index)) continue
      const late = timedOut?.get(listener)
      if (late?.succeeded === true) continue
      if (late?.failure !== undefined) {
        (ends ??= []).push(failed(index, late.failure.cause))
        this.#timedOut.remove(event.id, listener)
        continue
      }
      try {
        const result = late?.result ?? this.#running.resultOf(event, listener) ?? listener.call(webhooks, event.event, this.#contextOf(attempt, index))
        if (isThenable(result)) (running ??= new RunningListeners(context, listeners)).follow(index, result)
        else if (message !== undefined) (ends ??= []).push(succeeded(index))
      } catch (cause) {
        (ends ??= []).push(failed(index, cause))
      }
    }
    return running === undefined ? this.#outcome(attempt, ends) : this.#wait(attempt, running, ends)
  }

  /** What a listener gets: one for all, unless each can say for itself that it is through. */
  #contextOf ({ event, context, listeners }: Attempt, index: number): WebhookContext {
    const { completion } = this.#parts
    if (completion === undefined) return context
    return new CompletingContext(context, () => {
      const key = String(this.#keys.of(listeners)[index])
      return ListenerKeys.isLasting(key) ? completion(event, key) : undefined
    })
  }

  /** Stops waiting for every listener that runs; returns for how many events. */
  abandon (): number {
    return this.#running.abandon()
  }

  async #wait (attempt: Attempt, running: RunningListeners, ends: readonly ListenerEnd[] = NONE): Promise<Outcome | undefined> {
    const { event, context, listeners } = attempt
    this.#running.add(running)
    const later = await running.wait(this.#parts.options.timeout)
    this.#running.remove(running)
    try {
      for (const [index, result] of running.late) {
        const listener = listeners[index]
        if (listener !== undefined) this.#timedOut.add(event.id, listener, result, context.log)
      }
      if (later !== undefined) return this.#outcome(attempt, [...ends, ...later])
      tell(attempt, undefined, ends)
      return undefined
    } catch (thrown) {
      return this.#unknown(event, thrown)
    }
  }

  #outcome (attempt: Attempt, ends: readonly ListenerEnd[] = NONE): Outcome {
    const { event } = attempt
    const hasFailed = event.interrupted === true || ends.some(({ failure }) => failure !== undefined) || this.#failures.hasEarlier(event)
    const outcome = hasFailed ? this.#failures.outcomeOf(attempt, ends) : through(attempt)
    if (outcome.state !== 'pending') this.#timedOut.end(event.id)
    tell(attempt, outcome, ends)
    return outcome
  }

  /** It could not even be said what became of it, such as by a logger that throws: then it is tried again, and its lane goes on. */
  #unknown (event: ClaimedEvent, thrown: unknown): Outcome {
    const { log, durable, options: { retry } } = this.#parts
    const err = errorOf(thrown)
    quietly(() => { log.error({ err }, 'what became of an event could not be told') })
    const { dueAt, aside } = durable ? nextTry(event, [retryDirectiveOf(thrown)], retry) : NEVER
    return {
      seq: event.seq,
      state: dueAt === null ? 'dead' : 'pending',
      dueAt,
      completed: event.completed,
      refused: event.refused,
      aside,
      error: `what became of it could not be told: ${err.message}`
    }
  }
}

function through (attempt: Attempt): Outcome {
  const { event: { seq, attempt: number }, context, listeners } = attempt
  const nobody = listeners.length === 0
  const state = nobody && context.problems !== NONE ? 'invalid' : 'done'
  const outcome = { seq, state, dueAt: null, completed: NONE, error: null } as const
  // A record without a listener says that none wanted it.
  return number === 1 && !nobody ? outcome : { ...outcome, delivery: recordOf(attempt, NONE) }
}

function isThenable (value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
