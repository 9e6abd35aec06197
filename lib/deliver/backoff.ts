import type { ClaimedEvent } from '../inbox/inbox.ts'
import type { ResolvedOptions } from '../webhooks/options.ts'
import type { RetryDirective } from './retry-directive.ts'

type Retry = ResolvedOptions['retry']

/** What is to become of an event that failed. */
export interface NextTry {
  /** When it is delivered again; null: never. */
  readonly dueAt: number | null
  /** Whether it leaves its lane. */
  readonly aside: boolean
}

export const NEVER: NextTry = { dueAt: null, aside: false }

/** Milliseconds until the next delivery of an event that has had `attempts`: exponential, with jitter of up to half of it. */
export function backoff (attempts: number, { minDelay, maxDelay, factor }: Retry, random = Math.random()): number {
  const delay = Math.min(maxDelay, minDelay * factor ** (attempts - 1))
  return Math.round(delay * (1 - random / 2))
}

/** `directives` are those of the listeners that failed and may be called again. */
export function nextTry ({ attempt, failingFor = 0 }: ClaimedEvent, directives: readonly RetryDirective[], retry: Retry): NextTry {
  // A last try sooner than after the shortest delay is not worth it, and clocks differ.
  const isOver = (time: number) => failingFor + retry.minDelay / 2 >= time
  if (directives.length === 0 || attempt >= retry.attempts || isOver(retry.giveUpAfter)) return NEVER
  const now = Date.now()
  const since = now - failingFor
  const asked = Math.max(...directives.map(({ notBefore }) => notBefore ?? 0))
  if (asked > since + retry.giveUpAfter) return NEVER // it may not be tried again before it would be dead
  const isAskedByAll = directives.every(({ notBefore }) => notBefore !== null)
  const delay = backoff(isAskedByAll ? 1 : attempt, retry)
  const leaves = isOver(retry.blockFor)
  // What falls beyond one of these times is tried once more just then.
  const latest = since + Math.min(retry.giveUpAfter, leaves ? Infinity : retry.blockFor)
  const dueAt = Math.max(asked, Math.min(now + delay, latest))
  return { dueAt, aside: leaves || dueAt > since + retry.blockFor }
}
