import { NonRetriableError, RetryAfterError } from '../errors/errors.ts'

/** What a listener says of its next call by what it throws. */
export interface RetryDirective {
  readonly never: boolean
  /** Milliseconds since the epoch; null if it does not say. */
  readonly notBefore: number | null
}

const NOTHING: RetryDirective = { never: false, notBefore: null }
const CODES = { never: new NonRetriableError().code, after: new RetryAfterError(0).code }

/** By the code, for an app may have two copies of this package. Whatever was thrown, this cannot throw. */
export function retryDirectiveOf (thrown: unknown): RetryDirective {
  try {
    if (!(thrown instanceof Error) || !('code' in thrown)) return NOTHING
    if (thrown.code === CODES.never) return { never: true, notBefore: null }
    if (thrown.code !== CODES.after || !('retryAt' in thrown)) return NOTHING
    const notBefore = Number(thrown.retryAt)
    return { never: false, notBefore: Number.isNaN(notBefore) ? null : notBefore }
  } catch {
    return NOTHING
  }
}
