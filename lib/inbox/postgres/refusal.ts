// Only PostgreSQL: an app can have its data in the same database, and say in a transaction of its own what it has done.
import { CompleteInError, DeliveryLostError } from '../../errors/errors.ts'
import { LOST, NOT_READ_COMMITTED } from './sql/complete.ts'

/** Errors in errors, at most. */
const DEEPEST = 10

/** Why the server has refused to record that a listener is through; undefined if it was for another reason. */
export function refusalOf (thrown: unknown): Error | undefined {
  const refusal = says(thrown, LOST) ? new DeliveryLostError() : says(thrown, NOT_READ_COMMITTED) ? new CompleteInError('the transaction has to be READ COMMITTED') : undefined
  if (refusal !== undefined) refusal.cause = thrown
  return refusal
}

/** Whether an error says so, or what it was made of. */
function says (thrown: unknown, text: string, depth = 0): boolean {
  return thrown instanceof Error && depth < DEEPEST && (thrown.message.includes(text) || says(thrown.cause, text, depth + 1))
}
