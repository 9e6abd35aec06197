import { DeliveryContext } from './context.ts'
import { ListenerTimeoutError } from './errors.ts'

/** How a listener has ended. */
export interface ListenerEnd {
  /** Its place among the listeners of the event. */
  readonly index: number
  /** By the clock of `performance`. */
  readonly at: number
  readonly failed: boolean
  /** What it threw. */
  readonly cause: unknown
}

/** The asynchronous listeners of one event, until the last of them has finished or has had its time. */
export class Unfinished {
  readonly #context: DeliveryContext
  readonly #ends: ListenerEnd[] = []
  readonly #running = new Set<number>()
  readonly #ended = Promise.withResolvers<readonly ListenerEnd[] | undefined>()
  #timer: NodeJS.Timeout | undefined

  constructor (context: DeliveryContext) {
    this.#context = context
  }

  follow (index: number, result: PromiseLike<unknown>): void {
    this.#running.add(index)
    Promise.resolve(result).then(
      () => { this.#finished({ index, at: performance.now(), failed: false, cause: undefined }) },
      (cause: unknown) => { this.#finished({ index, at: performance.now(), failed: true, cause }) })
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
    } else if (end.failed) {
      this.#context.log.warn({ err: end.cause }, 'a listener failed after it had been given up')
    }
  }

  #expire (timeout: number): void {
    const cause = new ListenerTimeoutError(timeout)
    const at = performance.now()
    for (const index of this.#running) this.#ends.push({ index, at, failed: true, cause })
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
