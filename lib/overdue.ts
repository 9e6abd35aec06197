import type { FastifyBaseLogger } from 'fastify'
import { quietly } from './thrown.ts'
import type { ListenerFunction } from './webhooks.ts'

/** Events of which one succeeded and that this process was not given again: another one has them. */
const MOST = 10_000

/** A listener that has outlived its time. */
export interface OverdueRun {
  /** What it has returned. */
  readonly result: Promise<unknown>
  /** Whether it has succeeded since. One that has failed since is not remembered. */
  succeeded: boolean
}

type Runs = Map<ListenerFunction, OverdueRun>

/** The listeners that have outlived their time and are at work still, or have succeeded since: neither is to be called again. */
export class Overdue {
  readonly #events = new Map<string, Runs>()

  add (id: string, listener: ListenerFunction, result: Promise<unknown>, log: FastifyBaseLogger): void {
    const run: OverdueRun = { result, succeeded: false }
    const runs = this.#events.get(id) ?? new Map<ListenerFunction, OverdueRun>()
    if (runs.has(listener)) return // it was waited for once more, and in vain
    runs.set(listener, run)
    this.#events.set(id, runs)
    result.then(() => {
      run.succeeded = true
      quietly(() => { log.warn('a listener succeeded after its time was up: it is not called again') })
      this.#shorten()
    }, () => { this.#remove(id, listener) })
  }

  get (id: string): ReadonlyMap<ListenerFunction, OverdueRun> | undefined {
    return this.#events.get(id)
  }

  isRunning (id: string): boolean {
    return [...this.#events.get(id)?.values() ?? []].some(({ succeeded }) => !succeeded)
  }

  /** The event is through: what has succeeded is of no use any more. What runs still is, if the same event comes again. */
  end (id: string): void {
    for (const [listener, { succeeded }] of this.#events.get(id) ?? []) if (succeeded) this.#remove(id, listener)
  }

  #remove (id: string, listener: ListenerFunction): void {
    const runs = this.#events.get(id)
    runs?.delete(listener)
    if (runs?.size === 0) this.#events.delete(id)
  }

  #shorten (): void {
    for (const id of this.#events.keys()) {
      if (this.#events.size <= MOST) break
      this.end(id)
    }
  }
}
