import type { FastifyBaseLogger } from 'fastify'
import { quietly } from '../errors/error-of.ts'
import type { ClaimedEvent } from '../inbox/inbox.ts'
import type { ListenerFunction } from '../webhooks/listener-function.ts'
import { retryDirectiveOf } from './retry-directive.ts'

/**
 * Events that are remembered, of those that were waited for last: what never ends, or whose event never comes again, must not be for ever.
 */
const MOST_REMEMBERED = 10_000

/** In the place of the number of an event that is through. */
const THROUGH = -1

/** A listener that has outlived its time. */
export interface TimedOutRun {
  /** What it has returned. */
  readonly result: Promise<unknown>
  /** By what its events are known, their numbers: how it ends counts for these, and for no others. */
  readonly works: Map<string, number>
  /** Whether it has succeeded since. */
  succeeded: boolean
  /** What it has thrown since, if that says when it is to be called again. Otherwise one that failed is not remembered. */
  failure?: { readonly cause: unknown }
}

/** The listeners that have outlived their time and are at work still, or have succeeded since: neither is to be called again. */
export class TimedOutListeners {
  readonly #runs = new Map<string, Map<ListenerFunction, TimedOutRun>>()

  /** `works` is what `worksOf` says of the attempt that has called it, or has waited for it. */
  add (listener: ListenerFunction, result: Promise<unknown>, works: ReadonlyMap<string, number>, log: FastifyBaseLogger): void {
    const [first = ''] = works.keys()
    const known = this.#runs.get(first)?.get(listener)
    const run = known?.result === result ? known : { result, works: new Map<string, number>(), succeeded: false }
    for (const [work, seq] of works) {
      run.works.set(work, seq)
      this.#remember(work, listener, run)
    }
    if (run === known) return // it was waited for once more, and in vain
    result.then(() => {
      run.succeeded = true
      quietly(() => { log.warn('a listener succeeded after its time was up: it is not called again') })
      this.#tidy(listener, run)
    }, (cause: unknown) => {
      const { never, notBefore } = retryDirectiveOf(cause)
      if (never || notBefore !== null) run.failure = { cause }
      else this.remove(listener, run)
      this.#tidy(listener, run)
    })
  }

  /**
   * One that an event had, by what `workOf` says of it. One that has ended had what was accepted before: the same event may have been removed
   * since, and have come again.
   */
  find (work: string, listener: ListenerFunction, { seq }: ClaimedEvent): TimedOutRun | undefined {
    const run = this.#runs.get(work)?.get(listener)
    return run !== undefined && (isRunning(run) || run.works.get(work) === seq) ? run : undefined
  }

  isRunning (work: string): boolean {
    return [...this.#runs.get(work)?.values() ?? []].some(isRunning)
  }

  /** The event is through. What runs still is known until it ends, for the same event may come again. */
  end (work: string): void {
    this.#runs.get(work)?.forEach((run, listener) => {
      run.works.set(work, THROUGH)
      this.#tidy(listener, run)
    })
  }

  remove (listener: ListenerFunction, run: TimedOutRun): void {
    for (const work of run.works.keys()) this.#forget(work, listener, run)
  }

  #remember (work: string, listener: ListenerFunction, run: TimedOutRun): void {
    const runs = this.#runs.get(work) ?? new Map<ListenerFunction, TimedOutRun>()
    this.#runs.delete(work) // from now on it is the last one
    this.#runs.set(work, runs.set(listener, run))
    if (this.#runs.size <= MOST_REMEMBERED) return
    const [oldest] = this.#runs.values()
    oldest?.forEach((run, listener) => { this.remove(listener, run) })
  }

  /** Once it has ended, it need not be known by events that are through. */
  #tidy (listener: ListenerFunction, run: TimedOutRun): void {
    if (isRunning(run)) return
    for (const [work, seq] of run.works) if (seq === THROUGH) this.#forget(work, listener, run)
  }

  #forget (work: string, listener: ListenerFunction, run: TimedOutRun): void {
    const runs = this.#runs.get(work)
    if (runs?.get(listener) !== run) return
    runs.delete(listener)
    if (runs.size === 0) this.#runs.delete(work)
  }
}

function isRunning ({ succeeded, failure }: TimedOutRun): boolean {
  return !succeeded && failure === undefined
}
