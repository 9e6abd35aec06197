// Only PostgreSQL: a server may not answer.
/** How long is waited, in milliseconds. */
export interface Timeouts {
  /** Before there is no connection to be had. */
  readonly connect: number
  /** Before whoever has asked the server waits no longer. */
  readonly answer: number
  /** Until the server has received the cancel request. Then again until the statement has ended. */
  readonly cancel: number
  /** Before a connection is closed whose statement could not be cancelled. Until then the pool does not make another one in its place. */
  readonly unanswered: number
}

export const TIMEOUTS: Timeouts = { connect: 5_000, answer: 15_000, cancel: 5_000, unanswered: 120_000 }

/** What the promise says, or the reason of the signal once it is aborted, which it is not yet. */
export async function unlessAborted<T> (signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => {
    const reason: unknown = signal.reason
    reject(reason)
  }
  signal.addEventListener('abort', abort, { once: true })
  return await Promise.race([promise, aborted]).finally(() => { signal.removeEventListener('abort', abort) })
}
