// Only PostgreSQL: see cancel.ts.
import { within } from '../within.ts'
import { cancel } from './cancel.ts'
import type { Run } from './cancel.ts'
import { errorKindOf } from './error-kind.ts'
import type { PostgresClient } from './pool.ts'
import { NoAnswer } from './query.ts'
import type { Unanswered } from './query.ts'
import type { Timeouts } from './timeouts.ts'

interface Parts {
  readonly limits: Timeouts
  readonly run: Run
  /** Rejects as soon as nobody wants to wait for long. */
  readonly unlessClosed: (ending: Promise<boolean>) => Promise<boolean>
}

/** Ends a statement that was given up. Resolves with whether its connection is of use again. */
export async function endStatement (client: PostgresClient, { text, answer }: Unanswered, { limits, run, unlessClosed }: Parts): Promise<boolean> {
  const { cancel: limit, unanswered } = limits
  const heard = await cancel(client, text, limit, run)
  const ending = answer.then(() => true, (error: unknown) => !errorKindOf(error).lost)
  const isGood = await within(ending, limit, () => new NoAnswer()).catch(async () => {
    // If it was asked, it is not to be reached. If not, it may still be at work.
    return heard === 'no' && await within(unlessClosed(ending), unanswered, () => new NoAnswer())
  })
  // What it hears later would end the next statement.
  return isGood && heard !== 'perhaps'
}
