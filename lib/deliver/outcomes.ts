import type { ClaimedEvent, Outcome } from '../inbox/inbox.ts'

/** Whether its lane waits for it: one that waits for collectors has left its lane. */
export function isToBeTriedAgain ({ state, collects = false }: Outcome): boolean {
  return state === 'pending' && !collects
}

/** Of one that was discarded since it was claimed. The inbox has nothing of it that could change. */
export function gone ({ seq }: ClaimedEvent): Outcome {
  return { seq, state: 'done', dueAt: null, completed: [], error: null }
}
