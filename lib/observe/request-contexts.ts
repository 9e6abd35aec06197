import { AsyncLocalStorage } from 'node:async_hooks'

/** Events that may have one at the same time. */
const MOST = 10_000

type Run = <R>(work: () => R) => R

/**
 * The asynchronous contexts in which events came in, so that their first delivery can be a part of them: a trace of the request then
 * leads to it. Each costs microseconds: they are only noted while somebody wants to know of deliveries.
 */
export class RequestContexts {
  readonly #runs = new Map<string, Run>()

  /** Returns whether the event had none before. */
  note (id: string): boolean {
    if (this.#runs.has(id)) return false
    if (this.#runs.size >= MOST) this.#runs.delete(this.#oldest())
    this.#runs.set(id, AsyncLocalStorage.snapshot())
    return true
  }

  forget (id: string): void {
    this.#runs.delete(id)
  }

  /** Runs the work in the context in which the event came in: once, and then nothing of it is left here. */
  run<R> (id: string, work: () => R): R {
    const run = this.#runs.get(id)
    if (run === undefined) return work()
    this.#runs.delete(id)
    return run(work)
  }

  #oldest (): string {
    return this.#runs.keys().next().value as string // it is asked for when there are many
  }
}
