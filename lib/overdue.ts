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

interface OverdueEvent {
  readonly runs: Map<ListenerFunction, OverdueRun>
  /** Whether it is to be delivered again. If not, who has succeeded is of no interest any more. */
  isPending: boolean
}

/** The listeners that have outlived their time and are at work still, or have succeeded since: neither is to be called again. */
export class Overdue {
  readonly #events = new Map<string, OverdueEvent>()

  add (id: string, listener: ListenerFunction, result: Promise<unknown>, log: FastifyBaseLogger): void {
    const event = this.#events.get(id) ?? { runs: new Map<ListenerFunction, OverdueRun>(), isPending: true }
    event.isPending = true
    if (event.runs.has(listener)) return // it was waited for once more, and in vain
    const run: OverdueRun = { result, succeeded: false }
    event.runs.set(listener, run)
    this.#events.set(id, event)
    result.then(() => {
      run.succeeded = true
      quietly(() => { log.warn('a listener succeeded after its time was up: it is not called again') })
      if (!event.isPending) this.#remove(id, listener)
      this.#shorten()
    }, () => { this.#remove(id, listener) })
  }

  get (id: string): ReadonlyMap<ListenerFunction, OverdueRun> | undefined {
    return this.#events.get(id)?.runs
  }

  isRunning (id: string): boolean {
    return [...this.get(id)?.values() ?? []].some(({ succeeded }) => !succeeded)
  }

  /** The event is through. What runs still is known until it ends, for the same event may come again. */
  end (id: string): void {
    const event = this.#events.get(id)
    if (event === undefined) return
    event.isPending = false
    for (const [listener, { succeeded }] of event.runs) if (succeeded) this.#remove(id, listener)
  }

  #remove (id: string, listener: ListenerFunction): void {
    const runs = this.#events.get(id)?.runs
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
