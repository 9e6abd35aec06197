import type { FastifyBaseLogger } from 'fastify'
import { quietly } from '../errors/error-of.ts'
import type { ClaimedEvent } from '../inbox/inbox.ts'
import type { ListenerFunction } from '../webhooks/listener-function.ts'
import { retryDirectiveOf } from './retry-directive.ts'

/** Events that are remembered: what never ends, or whose event never comes again, must not be for ever. */
const MOST_REMEMBERED = 10_000

/** A listener that has outlived its time. */
interface TimedOutRun {
  /** What it has returned. */
  readonly result: Promise<unknown>
  /** By what its events are known, the numbers of those that are to be delivered again: how it ends counts for these, and for no others. */
  readonly works: Map<string, number | undefined>
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
    const run = known?.result === result ? known : { result, works: new Map<string, number | undefined>(), succeeded: false }
    for (const [work, seq] of works) {
      run.works.set(work, seq)
      this.#remember(work, listener, run)
    }
    if (run === known) return // it was waited for once more, and in vain
    result.then(() => {
      run.succeeded = true
      quietly(() => { log.warn('a listener succeeded after its time was up: it is not called again') })
      this.#forget(listener, run, isOver)
    }, (cause: unknown) => {
      const { never, notBefore } = retryDirectiveOf(cause)
      const hasSaid = never || notBefore !== null
      if (hasSaid) run.failure = { cause }
      this.#forget(listener, run, hasSaid ? isOver : () => true)
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
      run.works.set(work, undefined)
      if (!isRunning(run)) this.#forget(listener, run, isOver)
    })
  }

  /** What it has thrown is known. */
  remove (listener: ListenerFunction, run: TimedOutRun): void {
    this.#forget(listener, run, () => true)
  }

  #remember (work: string, listener: ListenerFunction, run: TimedOutRun): void {
    const runs = this.#runs.get(work) ?? new Map<ListenerFunction, TimedOutRun>()
    this.#runs.set(work, runs.set(listener, run))
    const [oldest = work] = this.#runs.keys()
    if (this.#runs.size > MOST_REMEMBERED) this.#runs.delete(oldest)
  }

  #forget (listener: ListenerFunction, run: TimedOutRun, isForgotten: (seq: number | undefined) => boolean): void {
    for (const [work, seq] of run.works) {
      const runs = this.#runs.get(work)
      if (!isForgotten(seq) || runs?.get(listener) !== run) continue
      runs.delete(listener)
      if (runs.size === 0) this.#runs.delete(work)
    }
  }
}

function isRunning ({ succeeded, failure }: TimedOutRun): boolean {
  return !succeeded && failure === undefined
}

/** Of an event of a run: whether it is through. */
function isOver (seq: number | undefined): boolean {
  return seq === undefined
}
