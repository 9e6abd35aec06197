import { DeliveryContext } from './context.ts'
import { ListenerTimeoutError } from './errors.ts'

/** A listener that failed, by its place among the listeners of the event. */
export interface Failure {
  readonly index: number
  readonly cause: unknown
}

/** The asynchronous listeners of one event, until the last of them has finished or has had its time. */
export class Unfinished {
  readonly #context: DeliveryContext
  readonly #failures: Failure[] = []
  readonly #running = new Set<number>()
  readonly #ended = Promise.withResolvers<readonly Failure[] | undefined>()
  #timer: NodeJS.Timeout | undefined

  constructor (context: DeliveryContext) {
    this.#context = context
  }

  follow (index: number, result: PromiseLike<unknown>): void {
    this.#running.add(index)
    Promise.resolve(result).then(
      () => { this.#finished(index) },
      (cause: unknown) => { this.#failed(index, cause) })
  }

  /** Settles with those that failed, or with nothing if they were abandoned; never rejects. */
  async wait (timeout: number): Promise<readonly Failure[] | undefined> {
    this.#timer = setTimeout(() => { this.#expire(timeout) }, timeout)
    return await this.#ended.promise
  }

  /** From here on, whatever the listeners do counts for nothing. */
  abandon (reason: Error): void {
    this.#stop(reason)
    this.#ended.resolve(undefined)
  }

  #finished (index: number): void {
    if (this.#running.delete(index) && this.#running.size === 0) this.#end()
  }

  #failed (index: number, cause: unknown): void {
    if (this.#running.has(index)) {
      this.#failures.push({ index, cause })
      this.#finished(index)
    } else {
      this.#context.log.warn({ err: cause }, 'a listener failed after it had been given up')
    }
  }

  #expire (timeout: number): void {
    const cause = new ListenerTimeoutError(timeout)
    for (const index of this.#running) this.#failures.push({ index, cause })
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
    this.#ended.resolve(this.#failures)
  }
}
