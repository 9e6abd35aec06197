import { isAside } from '../../../lib/inbox/sql/next-lane.ts'
import type { ClaimedRow } from '../../../lib/inbox/sql/rows.ts'
import { Trial } from '../../../lib/inbox/sqlite/store/suspects.ts'
import type { Row } from '../kind.ts'

/** An event, as the store has it. */
export interface ModelEvent {
  seq: number
  readonly id: string
  lane: string
  /** Of the two that are pending, `live` is one that memory has. */
  state: 'live' | 'waiting' | 'done' | 'dead' | 'invalid'
  readonly body: string
  readonly received: number
  attempts: number
  due: number | null
  completed: string | null
  problems: string | null
  since: number | null
  /** The lane that it has left. */
  home: string | null
  trial: number | null
}

export function isPending ({ state }: ModelEvent): boolean {
  return state === 'live' || state === 'waiting'
}

export function claimedRow ({ seq, id, lane, body, received, attempts, due, completed, problems, since, home, trial }: ModelEvent, now: number): ClaimedRow {
  const failingFor = Math.max(0, now - (since ?? now))
  const dueIn = since === null ? 0 : Math.max(0, (due ?? now) - now)
  return { seq, id, body, received, attempts, completed, problems, failingFor, dueIn, aside: isAside({ lane, home }), home, interrupted: trial === Trial.interrupted }
}

/** An attempt that was noted before it began counts from then on. */
export function rowOf ({ seq, id, lane, attempts, state, trial }: ModelEvent): Row {
  const isNoted = trial === Trial.begun || trial === Trial.interrupted || trial === Trial.alone
  return { seq, id, lane, attempts: attempts + (isNoted ? 1 : 0), state: state === 'live' || state === 'waiting' ? 'pending' : state }
}
