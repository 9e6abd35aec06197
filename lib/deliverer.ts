import { inspect } from 'node:util'
import type { FastifyBaseLogger } from 'fastify'
import type { EventCatalogue } from './catalogue.ts'
import { DeliveryContext } from './context.ts'
import { DeliveryError } from './delivery-error.ts'
import { ClosingError } from './errors.ts'
import type { ClaimedEvent, Outcome } from './inbox/inbox.ts'
import { hasListeners, listenersOf, namesOf, report } from './listeners.ts'
import type { ResolvedOptions } from './options.ts'
import { backoff } from './retry.ts'
import { Unfinished } from './unfinished.ts'
import type { Failure } from './unfinished.ts'
import type { ListenerFunction, Webhooks } from './webhooks.ts'

interface Parts {
  readonly webhooks: Webhooks
  readonly log: FastifyBaseLogger
  readonly catalogue: EventCatalogue
  readonly options: Pick<ResolvedOptions, 'timeout' | 'retry'>
  /** Whether a failed event can be delivered again. */
  readonly durable: boolean
}

/** One attempt to deliver an event. */
interface Attempt {
  readonly event: ClaimedEvent
  readonly context: DeliveryContext
  readonly listeners: readonly ListenerFunction[]
}

const NONE: readonly never[] = []

/** Delivers one event: calls its listeners, and makes of their failures what the inbox, the log and `on('error')` are told. */
export class Deliverer {
  readonly #parts: Parts
  readonly #unfinished = new Set<Unfinished>()
  #warned = false

  constructor (parts: Parts) {
    this.#parts = parts
  }

  /**
   * Runs all listeners, each in its own try. Returns what became of the event, and a promise only if a listener returned one;
   * it never rejects, and holds nothing if the attempt was abandoned.
   */
  deliver (event: ClaimedEvent): Outcome | Promise<Outcome | undefined> {
    const { webhooks, log, catalogue } = this.#parts
    const listeners = listenersOf(webhooks, catalogue.has(event.name) ? event.name : 'unknown')
    if (listeners.length === 0) this.#ignore(event)
    const attempt = { event, listeners, context: new DeliveryContext(event, log) }
    const completed = event.completed.length === 0 ? undefined : completedOf(attempt)
    let failures: Failure[] | undefined
    let unfinished: Unfinished | undefined
    // No iterator and no closure: this is on the way of every event.
    for (let index = 0; index < listeners.length; index++) {
      if (completed?.has(index) === true) continue
      try {
        const result = listeners[index]?.call(webhooks, event.event, attempt.context)
        if (isThenable(result)) (unfinished ??= new Unfinished(attempt.context)).follow(index, result)
      } catch (cause) {
        (failures ??= []).push({ index, cause })
      }
    }
    return unfinished === undefined ? this.#outcome(attempt, failures) : this.#wait(attempt, unfinished, failures)
  }

  /** Stops waiting for every listener that runs; returns for how many events. */
  abandon (): number {
    const running = [...this.#unfinished]
    for (const unfinished of running) unfinished.abandon(new ClosingError())
    return running.length
  }

  async #wait (attempt: Attempt, unfinished: Unfinished, failures: readonly Failure[] = NONE): Promise<Outcome | undefined> {
    this.#unfinished.add(unfinished)
    const later = await unfinished.wait(this.#parts.options.timeout)
    this.#unfinished.delete(unfinished)
    return later && this.#outcome(attempt, [...failures, ...later])
  }

  #outcome (attempt: Attempt, failures: readonly Failure[] = NONE): Outcome {
    const { seq } = attempt.event
    return failures.length === 0
      ? { seq, state: 'done', dueAt: null, completed: NONE, error: null }
      : this.#failed(attempt, failures)
  }

  /** An event that no listener wants is done. That nobody listens at all is hardly meant. */
  #ignore ({ id }: ClaimedEvent): void {
    const { webhooks, log } = this.#parts
    log.debug({ webhook: id }, 'no listener wants this event')
    if (this.#warned || hasListeners(webhooks)) return
    this.#warned = true
    log.warn('webhooks come in, but nobody listens: they are answered, and that is all')
  }

  #failed ({ event, context, listeners }: Attempt, failures: readonly Failure[]): Outcome {
    const names = namesOf(listeners)
    const { durable, options: { retry } } = this.#parts
    const dueAt = durable && event.attempt < retry.attempts ? Date.now() + backoff(event.attempt, retry) : null
    const retryAt = dueAt === null ? null : new Date(dueAt)
    const errors = names.flatMap((listener, index) => failures
      .filter((failure) => failure.index === index)
      .map(({ cause }) => new DeliveryError({ event: event.event, context, listener, dead: retryAt === null, retryAt, cause })))
    for (const error of errors) this.#report(error)
    return {
      seq: event.seq,
      state: dueAt === null ? 'dead' : 'pending',
      dueAt,
      completed: names.filter((name) => !errors.some(({ listener }) => listener === name)),
      error: errors.map(({ listener, cause }) => `${listener}: ${messageOf(cause)}`).join('; ')
    }
  }

  #report (err: DeliveryError): void {
    const { log } = err.context
    if (err.retryAt === null) log.error({ err }, 'a listener failed, and the event is not delivered again')
    else log.warn({ err, retryAt: err.retryAt }, 'a listener failed, and the event is to be delivered again')
    report(this.#parts.webhooks, err, log)
  }
}

/** The listeners that an earlier attempt has completed. */
function completedOf ({ event, listeners }: Attempt): Set<number> {
  const names = namesOf(listeners)
  return new Set(event.completed.map((name) => names.indexOf(name)))
}

function isThenable (value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function messageOf (cause: unknown): string {
  return cause instanceof Error ? cause.message : inspect(cause, { depth: 0 }) // String() throws on some objects
}
