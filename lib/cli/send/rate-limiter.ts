import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

/** Waits until the event of a number, counted from 0, is due. Returns false if that is not to be any more. */
type RateLimiter = (index: number) => Promise<boolean>

export function createRateLimiter (rate: number | undefined, signal: AbortSignal): RateLimiter {
  const start = performance.now()
  return async function due (index) {
    // Counted from the start, so that what one answer took too long is caught up with.
    const delay = rate === undefined ? 0 : start + index * 1_000 / rate - performance.now()
    if (delay > 0) await setTimeout(delay, undefined, { signal }).catch(() => undefined)
    return !signal.aborted
  }
}
