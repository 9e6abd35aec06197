import type { EventState } from '../../inbox.ts'

/** As they are stored: from 0 on, in this order. */
export const State = { pending: 0, done: 1, dead: 2, invalid: 3 } as const satisfies Record<EventState, number>

/** What the API calls it. */
export function nameOfState (state: string | null | undefined): EventState {
  const { [Number(state)]: name = 'pending' } = NAMES
  return name
}

const NAMES = ['pending', 'done', 'dead', 'invalid'] as const satisfies readonly EventState[]
