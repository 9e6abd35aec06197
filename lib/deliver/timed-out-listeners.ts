import type { FastifyBaseLogger } from 'fastify'
import { quietly } from '../errors/error-of.ts'
import type { ListenerFunction } from '../webhooks/listener-function.ts'
import { retryDirectiveOf } from './retry-directive.ts'

/** Events that are through while a listener of theirs still runs: what never ends must not be remembered for ever. */
const MOST_OVER = 1_000

/** A listener at work. */
export interface Work {
  /** What it has returned. */
  readonly result: Promise<unknown>
  /** What `workOf` says of the attempt that has called it. */
  readonly work: string
  /** What `worksOf` says of that. */
  readonly works: readonly string[]
}

/** One that has outlived its time. */
interface TimedOutRun extends Work {
  /** Whether it has succeeded since. */
  succeeded: boolean
  /** What it has thrown since, if that says when it is to be called again. Otherwise one that failed is not remembered. */
  failure?: { readonly cause: unknown }
}

interface TimedOutEvent {
  readonly runs: Map<ListenerFunction, TimedOutRun>
  /** Whether it is to be delivered again. If not, how a run has ended is of no interest any more. */
  isPending: boolean
}

/** The listeners that have outlived their time and are at work still, or have succeeded since: neither is to be called again. */
export class TimedOutListeners {
  readonly #events = new Map<string, TimedOutEvent>()
  /** Those of them that are through. */
  readonly #over = new Set<string>()
  /** The other events of a burst, each with what that is known by. */
  readonly #others = new Map<string, string>()

  add (listener: ListenerFunction, work: Work, log: FastifyBaseLogger): void {
    const { work: id, works, result } = work
    const event = this.#events.get(id) ?? { runs: new Map<ListenerFunction, TimedOutRun>(), isPending: true }
    event.isPending = true
    this.#over.delete(id)
    if (event.runs.has(listener)) return // it was waited for once more, and in vain
    const run: TimedOutRun = { ...work, succeeded: false }
    event.runs.set(listener, run)
    this.#events.set(id, event)
    for (const other of works) if (other !== id) this.#others.set(other, id)
    result.then(() => {
      run.succeeded = true
      quietly(() => { log.warn('a listener succeeded after its time was up: it is not called again') })
      if (!event.isPending) this.remove(id, listener)
    }, (cause: unknown) => {
      const { never, notBefore } = retryDirectiveOf(cause)
      if (event.isPending && (never || notBefore !== null)) run.failure = { cause }
      else this.remove(id, listener)
    })
  }

  /** `id` is what `workOf` says of the attempt. */
  get (id: string): ReadonlyMap<ListenerFunction, TimedOutRun> | undefined {
    return this.#events.get(id)?.runs
  }

  /** A listener's work on a burst in which this is. */
  find (work: string, listener: ListenerFunction): Work | undefined {
    return this.get(this.#known(work))?.get(listener)
  }

  isRunning (id: string): boolean {
    return [...this.get(id)?.values() ?? []].some(({ succeeded, failure }) => !succeeded && failure === undefined)
  }

  /** The event is through, or one of a burst, and so that. What runs still is known until it ends, for the same event may come again. */
  end (work: string): void {
    const id = this.#known(work)
    const event = this.#events.get(id)
    if (event === undefined) return
    event.isPending = false
    this.#over.add(id)
    for (const [listener, { succeeded }] of event.runs) if (succeeded) this.remove(id, listener)
    for (const oldest of this.#over) {
      if (this.#over.size <= MOST_OVER) break
      this.#forget(oldest)
    }
  }

  remove (id: string, listener: ListenerFunction): void {
    const runs = this.#events.get(id)?.runs
    if (runs?.size === 1 && runs.has(listener)) this.#forget(id)
    else runs?.delete(listener)
  }

  #known (work: string): string {
    return this.#others.get(work) ?? work
  }

  #forget (id: string): void {
    this.get(id)?.forEach(({ works }) => { for (const other of works) this.#others.delete(other) })
    this.#events.delete(id)
    this.#over.delete(id)
  }
}
