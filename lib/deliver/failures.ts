import { errorOf } from '../errors/error-of.ts'
import { NonRetriableError, ProcessEndedError } from '../errors/errors.ts'
import { dateOf } from '../inbox/dates.ts'
import type { ClaimedEvent, Outcome } from '../inbox/inbox.ts'
import { DeliveryError } from '../webhooks/delivery-error.ts'
import type { ResolvedOptions } from '../webhooks/options.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { isSkipped, keysOf, recordOf, workOf } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { NEVER, nextTry } from './backoff.ts'
import type { NextTry } from './backoff.ts'
import { isOnce, namesOf, report } from './listeners.ts'
import type { ListenerKeys } from './listeners.ts'
import { retryDirectiveOf } from './retry-directive.ts'
import type { RetryDirective } from './retry-directive.ts'
import { failed } from './listener-end.ts'
import type { Failure, ListenerEnd } from './listener-end.ts'
import type { TimedOutListeners } from './timed-out-listeners.ts'

interface Parts {
  readonly webhooks: Webhooks
  readonly keys: ListenerKeys
  readonly timedOut: TimedOutListeners
  readonly retry: ResolvedOptions['retry']
  /** Whether a failed event can be delivered again. */
  readonly durable: boolean
}

const NONE: readonly never[] = []
const NO_MORE: RetryDirective = { never: true, notBefore: null }

interface FailedListener extends Failure {
  readonly name: string
  readonly key: string
  readonly directive: RetryDirective
}

/** Makes of what listeners threw what the inbox, the log and `on('error')` are told. */
export class Failures {
  readonly #parts: Parts

  constructor (parts: Parts) {
    this.#parts = parts
  }

  /** Whether a listener has failed for good in an earlier attempt: without it the event would pass for done. */
  hasEarlier ({ refused = NONE }: ClaimedEvent): boolean {
    return refused.some((key) => this.#parts.keys.isKnown(key))
  }

  /** The process ended in this attempt: whichever listener did it, none of them has succeeded. */
  interrupted ({ listeners, skipped }: Attempt): ListenerEnd[] {
    const called = listeners.map((_listener, index) => index).filter((index) => !isSkipped(skipped, index))
    return called.map((index) => failed(index, new ProcessEndedError()))
  }

  outcomeOf (attempt: Attempt, ends: readonly ListenerEnd[]): Outcome {
    const { event } = attempt
    const failures = this.#allFailuresOf(attempt, ends)
    const next = this.#nextTry(attempt, failures)
    const isPending = next.dueAt !== null
    this.#tell(attempt, failures, next)
    return {
      seq: event.seq,
      state: isPending ? 'pending' : 'dead',
      dueAt: next.dueAt,
      completed: this.#completed(attempt, failures),
      refused: [...new Set([...event.refused ?? [], ...failures.filter(({ directive }) => directive.never).map(({ key }) => key)])],
      error: errorTextOf(event, failures),
      delivery: recordOf(attempt, ends),
      ...next.aside && { aside: true },
      ...isPending && this.#parts.timedOut.isRunning(workOf(attempt)) && { running: true }
    }
  }

  /** If nothing more can come of the event, also those that failed for good before: they are what it is dead of. */
  #allFailuresOf (attempt: Attempt, ends: readonly ListenerEnd[]): FailedListener[] {
    const failures = this.#failuresOf(attempt, ends)
    if (failures.some(({ directive }) => !directive.never) || attempt.event.interrupted === true) return failures
    const { refused = NONE } = attempt.event
    const keys = keysOf(attempt, this.#parts.keys)
    const names = namesOf(attempt.listeners)
    const cause = new NonRetriableError('it failed for good in an earlier delivery')
    const earlier = refused.filter((key) => this.#parts.keys.isKnown(key)).map((key) => ({
      cause, error: errorOf(cause), name: names[keys.indexOf(key)] ?? key.replace(/^#.*/, 'a listener of `once`'), key, directive: NO_MORE
    }))
    return [...failures, ...earlier]
  }

  #failuresOf (attempt: Attempt, ends: readonly ListenerEnd[]): FailedListener[] {
    const { listeners } = attempt
    const keys = keysOf(attempt, this.#parts.keys)
    const names = namesOf(listeners)
    return listeners.flatMap((listener, index) => failuresAt(index, ends).map((failure) => ({
      ...failure,
      name: String(names[index]),
      key: String(keys[index]),
      // Nobody would find it again.
      directive: isOnce(listener) ? NO_MORE : retryDirectiveOf(failure.cause)
    })))
  }

  #nextTry ({ event }: Attempt, failures: readonly FailedListener[]): NextTry {
    if (!this.#parts.durable) return NEVER
    const directives = failures.map(({ directive }) => directive).filter(({ never }) => !never)
    // Whoever listens for it may be in another process only.
    return nextTry(event, failures.length === 0 ? [retryDirectiveOf(undefined)] : directives, this.#parts.retry)
  }

  /** Another process may have listeners that this one has not: what they have completed stays so. */
  #completed (attempt: Attempt, failures: readonly FailedListener[]): string[] {
    const { event, skipped } = attempt
    const failed = new Set(failures.map(({ key }) => key))
    const here = keysOf(attempt, this.#parts.keys).filter((_key, index) => !skipped.refused.has(index))
    return [...new Set([...event.completed, ...here])].filter((key) => !failed.has(key))
  }

  #tell ({ event, context }: Attempt, failures: readonly FailedListener[], { dueAt, aside }: NextTry): void {
    const { log } = context
    const retryAt = dateOf(dueAt)
    for (const { name: listener, cause, error } of failures) {
      const details = { event: event.event, context, listener, dead: retryAt === null, retryAt }
      const err = new DeliveryError({ ...details, cause: error }) // which can be logged, whatever it was
      if (retryAt === null) log.error({ err }, 'a listener failed, and the event is not delivered again')
      else log.warn({ err, retryAt }, 'a listener failed, and the event is to be delivered again')
      report(this.#parts.webhooks, new DeliveryError({ ...details, cause }), log)
    }
    if (event.interrupted === true) log.error({ dead: retryAt === null, retryAt }, 'the process ended while an event was being delivered')
    if (aside && event.isAside !== true) log.error({ retryAt }, 'an event has failed for longer than `retry.blockFor`: its conversation goes on without it')
  }
}

function failuresAt (index: number, ends: readonly ListenerEnd[]): Failure[] {
  return ends.filter((end) => end.index === index).map(({ failure }) => failure).filter((failure) => failure !== undefined)
}

function errorTextOf ({ interrupted }: ClaimedEvent, failures: readonly FailedListener[]): string {
  if (interrupted === true) return new ProcessEndedError().message
  return failures.map(({ name, error }) => `${name}: ${error.message}`).join('; ')
}
