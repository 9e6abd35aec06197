import type { Outcome } from '../inbox.ts'

/** What the lane of an event that has left its own begins with: the id comes behind it. */
export const ASIDE = 'aside:'

/** Whether an event leaves its lane. One that is alone there, by its id or because it has left already, has nobody to keep waiting. */
export function leavesLane (lane: string, id: string, { state, aside }: Outcome): boolean {
  return state === 'pending' && aside === true && lane !== id && lane !== ASIDE + id
}
