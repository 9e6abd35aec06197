import { ClosingError, InboxUnavailableError } from '../errors/errors.ts'

/** What whoever asked is told when it went wrong in the store. */
export function unavailable (cause: unknown): Error {
  if (cause instanceof ClosingError) return cause
  const error = new InboxUnavailableError()
  error.cause = cause
  return error
}
