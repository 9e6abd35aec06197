import type { ResolvedOptions } from './options.ts'

/** Milliseconds until the next delivery of an event that has had `attempts`: exponential, with jitter of up to half of it. */
export function backoff (attempts: number, { minDelay, maxDelay, factor }: ResolvedOptions['retry'], random = Math.random()): number {
  const delay = Math.min(maxDelay, minDelay * factor ** (attempts - 1))
  return Math.round(delay * (1 - random / 2))
}
