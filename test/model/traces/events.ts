import { createHash } from 'node:crypto'
import type { ClaimedEvent, NewEvent, Outcome } from '../../../lib/inbox/inbox.ts'
import type { Kind } from './lines.ts'
import { LEASE } from './process.ts'

/** Before a retry: it is due when the next lease has passed. */
const DELAY = LEASE / 2
/** Characters of a long event: a claim takes two of them. */
const LONG = 140_000

export interface Settings {
  readonly attempts: number
  /** Whether events are so long that a claim has two of them at most. */
  readonly isLong: boolean
}

export function idOf (event: number): string {
  return createHash('sha256').update(`event ${event}`).digest('base64url')
}

export function newEvent (number: number, lane: string, isLong: boolean): NewEvent {
  const event = { event: 'newMessage', number }
  const body = Buffer.from(JSON.stringify(isLong ? { ...event, text: 'x'.repeat(LONG) } : event))
  return { id: idOf(number), name: 'newMessage', lane, state: 'pending', body, event, receivedAt: Date.now(), problems: null }
}

export function outcomeOf ({ seq }: ClaimedEvent, kind: Kind): Outcome {
  const outcome = { seq, dueAt: null, completed: [], error: null }
  if (kind === 'Succeeded') return { ...outcome, state: 'done' }
  if (kind === 'GivenUp') return { ...outcome, state: 'dead', error: 'failed' }
  return { ...outcome, state: 'pending', error: 'failed', aside: kind === 'LeavesLane', running: kind === 'StillRuns' }
}

/** In the model, the wait for a retry begins with the settle. */
export function fromNow (outcome: Outcome): Outcome {
  return outcome.state === 'pending' ? { ...outcome, dueAt: Date.now() + DELAY } : outcome
}
