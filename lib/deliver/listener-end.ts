import { errorOf } from '../errors/error-of.ts'

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
