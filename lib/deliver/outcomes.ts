import type { ClaimedEvent, Outcome } from '../inbox/inbox.ts'

/** Of one that waits for collectors. */
interface WaitingOutcome extends Outcome {
  /** How long at most, in milliseconds. */
  readonly quiet: number
}

/** It waits for collectors until then. */
export function waiting (outcome: Pick<Outcome, 'seq' | 'completed' | 'refused' | 'error' | 'delivery' | 'stays'>, dueAt: number, quiet: number): WaitingOutcome {
  return { ...outcome, state: 'pending', collects: true, dueAt, quiet }
}

/** As it is to be recorded now: since it was known until when it waits, the clock may have been set back. */
export function asOfNow (outcome: Outcome): Outcome {
  return isWaiting(outcome) ? { ...outcome, dueAt: Math.min(Number(outcome.dueAt), Date.now() + outcome.quiet) } : outcome
}

function isWaiting (outcome: Outcome): outcome is WaitingOutcome {
  return 'quiet' in outcome
}

/** Whether its lane waits for it: one that waits for collectors has left its lane. */
export function isToBeTriedAgain ({ state, collects = false }: Outcome): boolean {
  return state === 'pending' && !collects
}

/** Of one that was discarded since it was claimed. The inbox has nothing of it that could change. */
export function gone ({ seq }: ClaimedEvent): Outcome {
  return { seq, state: 'done', dueAt: null, completed: [], error: null }
}
