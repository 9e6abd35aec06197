import type { FastifyBaseLogger } from 'fastify'
import { completedBefore, messageOf, recordOf, runsOf } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import type { EventCatalogue } from './catalogue.ts'
import { areDeliveriesObserved, channels } from './channels.ts'
import type { DeliveryMessage } from './channels.ts'
import { DeliveryContext } from './context.ts'
import { DeliveryError } from './delivery-error.ts'
import { ClosingError } from './errors.ts'
import type { ClaimedEvent, Outcome } from './inbox/inbox.ts'
import { hasListeners, listenersOf, namesOf, report } from './listeners.ts'
import type { ResolvedOptions } from './options.ts'
import type { Origins } from './origins.ts'
import { backoff } from './retry.ts'
import { Unfinished } from './unfinished.ts'
import type { ListenerEnd } from './unfinished.ts'
import type { Webhooks } from './webhooks.ts'

interface Parts {
  readonly webhooks: Webhooks
  readonly log: FastifyBaseLogger
  readonly catalogue: EventCatalogue
  readonly options: Pick<ResolvedOptions, 'timeout' | 'retry'>
  /** Whether a failed event can be delivered again. */
  readonly durable: boolean
  readonly origins: Origins
}

/** Nothing of anything, of which there is one. */
const NONE: readonly never[] = []

/** Delivers one event: calls its listeners, and makes of their failures what the inbox, the log and `on('error')` are told. */
export class Deliverer {
  readonly #parts: Parts
  readonly #unfinished = new Set<Unfinished>()
  /** The names that were warned of. */
  readonly #unwanted = new Set<string>()
  #warned = false

  constructor (parts: Parts) {
    this.#parts = parts
  }

  /**
   * Runs all listeners, each in its own try. Returns what became of the event, and a promise only if a listener returned one;
   * it never rejects, and holds nothing if the attempt was abandoned.
   */
  deliver (claimed: ClaimedEvent): Outcome | Promise<Outcome | undefined> {
    const { webhooks, log, catalogue, origins } = this.#parts
    // What did not fit when it came in may do so by now: then what listeners of `invalid` have completed is nothing to its own.
    const isMended = claimed.problems !== null && catalogue.fits(claimed.event)
    const event = isMended ? { ...claimed, completed: NONE } : claimed
    const problems = claimed.problems === null || isMended ? NONE : claimed.problems
    const name = problems === NONE ? catalogue.nameOf(event.event) : 'invalid'
    const listeners = listenersOf(webhooks, name)
    if (listeners.length === 0 && problems === NONE) this.#ignore(event, name)
    const context = new DeliveryContext(event, problems, log)
    if (!areDeliveriesObserved()) return this.#run({ event, context, listeners, start: performance.now(), message: undefined })
    const message = newMessage(webhooks, name, event)
    return origins.run(event.id, () => {
      channels.deliveryStart.publish(message)
      return this.#run({ event, context, listeners, start: performance.now(), message })
    })
  }

  #run (attempt: Attempt): Outcome | Promise<Outcome | undefined> {
    const { event, context, listeners, message } = attempt
    const { webhooks } = this.#parts
    const completed = event.completed.length === 0 ? undefined : completedBefore(attempt)
    let ends: ListenerEnd[] | undefined
    let unfinished: Unfinished | undefined
    // No iterator and no closure: this is on the way of every event.
    for (let index = 0; index < listeners.length; index++) {
      if (completed?.has(index) === true) continue
      try {
        const result = listeners[index]?.call(webhooks, event.event, context)
        if (isThenable(result)) (unfinished ??= new Unfinished(context)).follow(index, result)
        else if (message !== undefined) (ends ??= []).push({ index, at: performance.now(), failed: false, cause: undefined })
      } catch (cause) {
        (ends ??= []).push({ index, at: performance.now(), failed: true, cause })
      }
    }
    return unfinished === undefined ? this.#outcome(attempt, ends) : this.#wait(attempt, unfinished, ends)
  }

  /** Stops waiting for every listener that runs; returns for how many events. */
  abandon (): number {
    const running = [...this.#unfinished]
    for (const unfinished of running) unfinished.abandon(new ClosingError())
    return running.length
  }

  async #wait (attempt: Attempt, unfinished: Unfinished, ends: readonly ListenerEnd[] = NONE): Promise<Outcome | undefined> {
    this.#unfinished.add(unfinished)
    const later = await unfinished.wait(this.#parts.options.timeout)
    this.#unfinished.delete(unfinished)
    if (later !== undefined) return this.#outcome(attempt, [...ends, ...later])
    tell(attempt, undefined, ends)
    return undefined
  }

  #outcome (attempt: Attempt, ends: readonly ListenerEnd[] = NONE): Outcome {
    const outcome = ends.some(({ failed }) => failed) ? this.#failed(attempt, ends) : succeeded(attempt)
    tell(attempt, outcome, ends)
    return outcome
  }

  /** An event that no listener wants is done. That nobody listens at all, or to a name that has a schema, is hardly meant. */
  #ignore ({ id, event }: ClaimedEvent, name: string): void {
    const { webhooks, log, catalogue } = this.#parts
    log.debug({ webhook: id, event: catalogue.labelOf(event) }, 'no listener wants this event')
    if (hasListeners(webhooks)) this.#warnOf(name)
    else if (!this.#warned) {
      this.#warned = true
      log.warn('webhooks come in, but nobody listens: they are answered, and that is all')
    }
  }

  #warnOf (name: string): void {
    if (name === 'unknown' || this.#unwanted.has(name)) return
    this.#unwanted.add(name)
    this.#parts.log.warn({ event: name }, 'no listener wants events of this name: they are answered, and that is all')
  }

  #failed (attempt: Attempt, ends: readonly ListenerEnd[]): Outcome {
    const { event, context, listeners } = attempt
    const names = namesOf(listeners)
    const { durable, options: { retry } } = this.#parts
    const dueAt = durable && event.attempt < retry.attempts ? Date.now() + backoff(event.attempt, retry) : null
    const retryAt = dueAt === null ? null : new Date(dueAt)
    const errors = names.flatMap((listener, index) => ends
      .filter((end) => end.failed && end.index === index)
      .map(({ cause }) => new DeliveryError({ event: event.event, context, listener, dead: retryAt === null, retryAt, cause })))
    for (const error of errors) this.#report(error)
    return {
      seq: event.seq,
      state: dueAt === null ? 'dead' : 'pending',
      dueAt,

      completed: names.filter((name) => !errors.some(({ listener }) => listener === name)),
      error: errors.map(({ listener, cause }) => `${listener}: ${messageOf(cause)}`).join('; '),
      delivery: recordOf(attempt, ends)
    }
  }

  #report (err: DeliveryError): void {
    const { log } = err.context
    if (err.retryAt === null) log.error({ err }, 'a listener failed, and the event is not delivered again')
    else log.warn({ err, retryAt: err.retryAt }, 'a listener failed, and the event is to be delivered again')
    report(this.#parts.webhooks, err, log)
  }
}

function succeeded (attempt: Attempt): Outcome {
  const { event: { seq, attempt: number }, context, listeners } = attempt
  const nobody = listeners.length === 0
  const state = nobody && context.problems !== NONE ? 'invalid' : 'done'
  const outcome = { seq, state, dueAt: null, completed: NONE, error: null } as const
  // A record without a listener says that none wanted it.
  return number === 1 && !nobody ? outcome : { ...outcome, delivery: recordOf(attempt, NONE) }
}

function newMessage (webhooks: Webhooks, name: string, { id, event, attempt, receivedAt }: ClaimedEvent): DeliveryMessage {
  return { webhooks, id, name, event, attempt, receivedAt: new Date(receivedAt), outcome: null, retryAt: null, duration: 0, listeners: NONE }
}

/** Tells those who want to know how an attempt has ended; with no outcome, it was abandoned. */
function tell (attempt: Attempt, outcome: Outcome | undefined, ends: readonly ListenerEnd[]): void {
  const { message, start, listeners } = attempt
  if (message === undefined) return
  message.outcome = outcome === undefined ? 'abandoned' : outcomeOf(outcome, listeners.length)
  message.retryAt = outcome?.dueAt == null ? null : new Date(outcome.dueAt)
  message.duration = performance.now() - start
  message.listeners = runsOf(attempt, ends)
  channels.deliveryEnd.publish(message)
}

function outcomeOf ({ state }: Outcome, listeners: number): NonNullable<DeliveryMessage['outcome']> {
  if (listeners === 0 || state === 'invalid') return 'ignored'
  return state === 'pending' ? 'retry' : state
}

function isThenable (value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
