import { quietly } from '../errors/error-of.ts'
import { ClosingError, ListenerTimeoutError } from '../errors/errors.ts'
import { DeliveryContext } from '../webhooks/context.ts'
import type { ListenerFunction } from '../webhooks/listener-function.ts'
import { worksOf } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { failed, succeeded } from './listener-end.ts'
import type { ListenerEnd } from './listener-end.ts'

/** The asynchronous listeners of one event, until the last of them has finished or has had its time. */
export class RunningListeners {
  readonly #attempt: Attempt
  readonly #ends: ListenerEnd[] = []
  readonly #running = new Map<number, Promise<unknown>>()
  readonly #ended = Promise.withResolvers<readonly ListenerEnd[] | undefined>()
  #late: ReadonlyMap<number, Promise<unknown>> = new Map()
  #timer: NodeJS.Timeout | undefined

  constructor (attempt: Attempt) {
    this.#attempt = attempt
  }

  /** Those that have outlived their time, by their places, with what they have returned. */
  get late (): ReadonlyMap<number, Promise<unknown>> {
    return this.#late
  }

  /** What it is at work on: see `worksOf`. */
  get works (): Iterable<string> {
    return worksOf(this.#attempt).keys()
  }

  /** What a listener has returned, if it is at work. */
  get (listener: ListenerFunction): Promise<unknown> | undefined {
    return this.#running.get(this.#attempt.listeners.indexOf(listener))
  }

  /** If the listener was not called for this attempt, another one tells of it when it fails too late. */
  follow (index: number, result: PromiseLike<unknown>, isCalled: boolean): void {
    const running = Promise.resolve(result)
    this.#running.set(index, running)
    running.then(
      () => { this.#finished(succeeded(index), false) },
      (cause: unknown) => { this.#finished(failed(index, cause), isCalled) })
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

  #finished (end: ListenerEnd, isTold: boolean): void {
    if (this.#running.delete(end.index)) {
      this.#ends.push(end)
      if (this.#running.size === 0) this.#end()
    } else if (isTold && end.failure !== undefined) {
      const { error: err } = end.failure
      quietly(() => { this.#attempt.context.log.warn({ err }, 'a listener failed after it had been given up') })
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
    DeliveryContext.abort(this.#attempt.context, reason)
  }

  #end (): void {
    clearTimeout(this.#timer)
    this.#ended.resolve(this.#ends)
  }
}

/** The attempts that wait for listeners. */
export class RunningAttempts {
  /** By what they are at work on. */
  readonly #all = new Map<string, readonly RunningListeners[]>()

  add (attempt: RunningListeners): void {
    for (const work of attempt.works) this.#all.set(work, [...this.#all.get(work) ?? [], attempt])
  }

  remove (attempt: RunningListeners): void {
    for (const work of attempt.works) {
      const others = this.#all.get(work)?.filter((other) => other !== attempt)
      if (others?.[0] === undefined) this.#all.delete(work)
      else this.#all.set(work, others)
    }
  }

  /**
   * What a listener has returned that an earlier attempt still waits for: that one has lost its lease, and whoever found that has left the event
   * to others, such as this process.
   */
  get (work: string, listener: ListenerFunction): Promise<unknown> | undefined {
    return this.#all.get(work)?.map((earlier) => earlier.get(listener)).find((result) => result !== undefined)
  }

  /** Stops waiting for every listener that runs; returns for how many attempts. */
  abandon (): number {
    const attempts = new Set([...this.#all.values()].flat())
    for (const attempt of attempts) attempt.abandon(new ClosingError())
    return attempts.size
  }
}
