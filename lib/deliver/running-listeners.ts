import { errorOf, quietly } from '../errors/error-of.ts'
import { ClosingError, ListenerTimeoutError } from '../errors/errors.ts'
import type { ClaimedEvent } from '../inbox/inbox.ts'
import { DeliveryContext } from '../webhooks/context.ts'
import type { ListenerFunction } from '../webhooks/webhooks.ts'

/** How a listener has ended. */
export interface ListenerEnd {
  /** Its place among the listeners of the event. */
  readonly index: number
  /** By the clock of `performance`. */
  readonly at: number
  /** Nothing if it succeeded. */
  readonly failure?: Failure
}

export interface Failure {
  /** What it threw: for those who listen for errors, and nobody else may look at it. */
  readonly cause: unknown
  /** The same, for all others. */
  readonly error: Error
}

export function succeeded (index: number): ListenerEnd {
  return { index, at: performance.now() }
}

export function failed (index: number, cause: unknown): ListenerEnd {
  return { index, at: performance.now(), failure: { cause, error: errorOf(cause) } }
}

/** The asynchronous listeners of one event, until the last of them has finished or has had its time. */
export class RunningListeners {
  readonly #context: DeliveryContext
  readonly #listeners: readonly ListenerFunction[]
  readonly #ends: ListenerEnd[] = []
  readonly #running = new Map<number, Promise<unknown>>()
  readonly #ended = Promise.withResolvers<readonly ListenerEnd[] | undefined>()
  #late: ReadonlyMap<number, Promise<unknown>> = new Map()
  #timer: NodeJS.Timeout | undefined

  constructor (context: DeliveryContext, listeners: readonly ListenerFunction[]) {
    this.#context = context
    this.#listeners = listeners
  }

  /** Those that have outlived their time, by their places, with what they have returned. */
  get late (): ReadonlyMap<number, Promise<unknown>> {
    return this.#late
  }

  /** What a listener has returned, if it is at work on this event. */
  resultOf (id: string, listener: ListenerFunction): Promise<unknown> | undefined {
    return this.#context.id === id ? this.#running.get(this.#listeners.indexOf(listener)) : undefined
  }

  follow (index: number, result: PromiseLike<unknown>): void {
    const running = Promise.resolve(result)
    this.#running.set(index, running)
    running.then(
      () => { this.#finished(succeeded(index)) },
      (cause: unknown) => { this.#finished(failed(index, cause)) })
  }

  /** Settles when all have ended, or with nothing if they were abandoned; never rejects. */
  async wait (timeout: number): Promise<readonly ListenerEnd[] | undefined> {
    this.#timer = setTimeout(() => { this.#expire(timeout) }, timeout)
    return await this.#ended.promise
  }

  /** From here on, whatever the listeners do counts for nothing. */
  abandon (reason: Error): void {
    this.#stop(reason)
    this.#ended.resolve(undefined)
  }

  #finished (end: ListenerEnd): void {
    if (this.#running.delete(end.index)) {
      this.#ends.push(end)
      if (this.#running.size === 0) this.#end()
    } else if (end.failure !== undefined) {
      const { error: err } = end.failure
      quietly(() => { this.#context.log.warn({ err }, 'a listener failed after it had been given up') })
    }
  }

  #expire (timeout: number): void {
    const cause = new ListenerTimeoutError(timeout)
    for (const index of this.#running.keys()) this.#ends.push(failed(index, cause))
    this.#late = new Map(this.#running)
    this.#stop(cause)
    this.#end()
  }

  #stop (reason: Error): void {
    this.#running.clear()
    clearTimeout(this.#timer)
    DeliveryContext.abort(this.#context, reason)
  }

  #end (): void {
    clearTimeout(this.#timer)
    this.#ended.resolve(this.#ends)
  }
}

/** The attempts that wait for listeners. */
export class RunningAttempts {
  readonly #all = new Set<RunningListeners>()

  add (attempt: RunningListeners): void {
    this.#all.add(attempt)
  }

  remove (attempt: RunningListeners): void {
    this.#all.delete(attempt)
  }

  /**
   * What a listener has returned that an earlier attempt still waits for: that one has lost its lease, and whoever found that has left the
   * event to others, such as this process.
   */
  resultOf ({ id, attempt }: ClaimedEvent, listener: ListenerFunction): Promise<unknown> | undefined {
    if (attempt === 1) return undefined // most are
    for (const earlier of this.#all) {
      const result = earlier.resultOf(id, listener)
      if (result !== undefined) return result
    }
    return undefined
  }

  /** Stops waiting for every listener that runs; returns for how many events. */
  abandon (): number {
    const attempts = [...this.#all]
    for (const attempt of attempts) attempt.abandon(new ClosingError())
    return attempts.length
  }
}
