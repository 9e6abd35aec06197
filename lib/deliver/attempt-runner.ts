import type { FastifyBaseLogger } from 'fastify'
import { errorOf, quietly } from '../errors/error-of.ts'
import type { ClaimedEvent, Inbox, Outcome } from '../inbox/inbox.ts'
import { completing } from '../webhooks/completing-context.ts'
import type { WebhookContext } from '../webhooks/context.ts'
import type { ListenerFunction } from '../webhooks/listener-function.ts'
import type { ResolvedOptions } from '../webhooks/options.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { isSkipped, keysOf, recordOf, workOf, workOfCollector, worksOf } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { NEVER, nextTry } from './backoff.ts'
import { waitingFor } from './collected.ts'
import { tell } from './delivery-messages.ts'
import { Failures } from './failures.ts'
import { failed, succeeded } from './listener-end.ts'
import type { ListenerEnd } from './listener-end.ts'
import { ListenerKeys } from './listeners.ts'
import { retryDirectiveOf } from './retry-directive.ts'
import { RunningAttempts, RunningListeners } from './running-listeners.ts'
import { TimedOutListeners } from './timed-out-listeners.ts'
import type { WaitingBursts } from './waiting-bursts.ts'

interface Parts {
  readonly webhooks: Webhooks
  readonly log: FastifyBaseLogger
  readonly options: Pick<ResolvedOptions, 'timeout' | 'retry'>
  /** Whether a failed event can be delivered again. */
  readonly durable: boolean
  /** The inbox's, if it has one. */
  readonly completion?: Inbox['completion'] | undefined
  readonly keys: ListenerKeys
  readonly waiting: WaitingBursts
}

/** Nothing of anything, of which there is one. */
const NONE: readonly never[] = []

/** Calls the listeners of an attempt, and makes of what they do an outcome for the inbox. */
export class AttemptRunner {
  readonly #parts: Parts
  readonly #running = new RunningAttempts()
  readonly #timedOut = new TimedOutListeners()
  readonly #failures: Failures

  constructor (parts: Parts) {
    this.#parts = parts
    const { webhooks, durable, keys, options: { retry } } = parts
    this.#failures = new Failures({ webhooks, durable, retry, keys, timedOut: this.#timedOut })
  }

  /** Runs all listeners, each in its own try. Returns a promise only if a listener returned one, which holds nothing if the attempt was abandoned. */
  run (attempt: Attempt): Outcome | Promise<Outcome | undefined> {
    const { event, listeners, skipped, message } = attempt
    if (event.interrupted === true) return this.#outcome(attempt, this.#failures.interrupted(attempt))
    const work = workOf(attempt)
    let ends: ListenerEnd[] | undefined
    let running: RunningListeners | undefined
    // No iterator and no closure: this is on the way of every event.
    for (let index = 0; index < listeners.length; index++) {
      const listener = listeners[index]
      if (listener === undefined || isSkipped(skipped, index)) continue
      const late = this.#timedOut.find(work, listener, event)
      if (late?.succeeded === true) continue
      if (late?.failure !== undefined) {
        (ends ??= []).push(failed(index, late.failure.cause))
        this.#timedOut.remove(listener, late)
        continue
      }
      try {
        const earlier = late?.result ?? this.#running.get(work, listener)
        const result = earlier ?? this.#call(attempt, index)
        if (isThenable(result)) (running ??= new RunningListeners(attempt)).follow(index, result, earlier === undefined)
        else if (message !== undefined) (ends ??= []).push(succeeded(index))
      } catch (cause) {
        (ends ??= []).push(failed(index, cause))
      }
    }
    return running === undefined ? this.#outcome(attempt, ends) : this.#wait(attempt, running, ends)
  }

  #call (attempt: Attempt, index: number): unknown {
    const listener = attempt.listeners[index] as (this: Webhooks, given: unknown, context: WebhookContext) => unknown // it is called with what it takes
    return listener.call(this.#parts.webhooks, attempt.given, this.#contextOf(attempt, index))
  }

  /** What a listener gets: one for all, unless each can say for itself that it is through. */
  #contextOf (attempt: Attempt, index: number): WebhookContext {
    const { completion, keys } = this.#parts
    if (completion === undefined) return attempt.context
    return completing(attempt.context, () => {
      const key = String(keysOf(attempt, keys)[index])
      return ListenerKeys.isLasting(key) ? attempt.events.map((event) => completion(event, key)) : undefined
    })
  }

  /** What a collector has returned that is at work on this event, or has succeeded with it after its time. */
  givenBefore (key: string, listener: ListenerFunction, event: ClaimedEvent): Promise<unknown> | undefined {
    const work = workOfCollector(key, event)
    return this.#timedOut.find(work, listener, event)?.result ?? this.#running.get(work, listener)
  }

  /** Stops waiting for every listener that runs; returns for how many events. */
  abandon (): number {
    return this.#running.abandon()
  }

  async #wait (attempt: Attempt, running: RunningListeners, ends: readonly ListenerEnd[] = NONE): Promise<Outcome | undefined> {
    const { context, listeners } = attempt
    this.#running.add(running)
    const later = await running.wait(this.#parts.options.timeout)
    this.#running.remove(running)
    try {
      for (const [index, result] of running.late) {
        const listener = listeners[index]
        if (listener !== undefined) this.#timedOut.add(listener, result, worksOf(attempt), context.log)
      }
      if (later !== undefined) return this.#outcome(attempt, [...ends, ...later])
      tell(attempt, undefined, ends)
      return undefined
    } catch (thrown) {
      return this.unknown(attempt.event, thrown)
    }
  }

  #outcome (attempt: Attempt, ends: readonly ListenerEnd[] = NONE): Outcome {
    const { event, events } = attempt
    const hasFailed = event.interrupted === true || ends.some(({ failure }) => failure !== undefined) || this.#failures.hasEarlier(event)
    const became = hasFailed ? this.#failures.outcomeOf(attempt, ends) : through(attempt)
    if (became.state !== 'pending') for (const each of events) this.#timedOut.end(workOf(attempt, each))
    const outcome = waitingFor(attempt, became, this.#parts)
    tell(attempt, outcome, ends)
    return outcome
  }

  /** It could not even be said what became of it, such as by a logger that throws: then it is tried again, and its lane goes on. */
  unknown (event: Attempt['event'], thrown: unknown): Outcome {
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
  const state = nobody && context.problems.length > 0 ? 'invalid' : 'done'
  const outcome = { seq, state, dueAt: null, completed: NONE, error: null } as const
  // A record without a listener says that none wanted it.
  return number === 1 && !nobody ? outcome : { ...outcome, delivery: recordOf(attempt, NONE) }
}

function isThenable (value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
