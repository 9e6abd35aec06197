import type { UnknownEvent } from '../../events.ts'
import type { StoredEvent } from '../inbox.ts'
import type { LiveEvent } from './live-lanes.ts'
import type { StoredRow, TakenEvent } from './messages.ts'

const NONE: readonly never[] = []
const BYTE_ORDER_MARK = '\ufeff'

/** An event that was taken from the store. */
export function takenEvent ({ seq, id, body, received, attempts, completed }: TakenEvent): LiveEvent {
  const event = parse(body)
  return {
    seq,
    id,
    name: event.event,
    event,
    receivedAt: received,
    attempt: attempts + 1,
    completed: completed === null ? NONE : JSON.parse(completed) as string[], // as `Outgoing` has written it
    size: body.length
  }
}

export function storedEvent ({ seq, id, name, lane, state, body, received, attempts, due, finished, error }: StoredRow): StoredEvent {
  return {
    seq,
    id,
    name,
    lane,
    state,
    event: parse(body),
    receivedAt: new Date(received),
    attempts,
    dueAt: state === 'pending' ? new Date(due ?? received) : null,
    finishedAt: dateOf(finished),
    error
  }
}

export function dateOf (time: number | null): Date | null {
  return time === null ? null : new Date(time)
}

function parse (body: string): UnknownEvent {
  const json = body.startsWith(BYTE_ORDER_MARK) ? body.slice(1) : body
  return JSON.parse(json) as UnknownEvent // it was checked before it was stored
}
