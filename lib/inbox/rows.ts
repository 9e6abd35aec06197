import type { UnknownEvent } from '../events.ts'
import type { ClaimedEvent, EventState, StoredEvent } from './inbox.ts'
import { recordsOf } from './records.ts'

export interface StoredRow {
  seq: number
  id: string
  name: string
  lane: string
  state: EventState
  /** As text, which leaves memory sooner than bytes do. */
  body: string
  received: number
  attempts: number
  due: number | null
  finished: number | null
  error: string | null
  /** Lines of records. */
  deliveries: string | null
}

/** An event whose turn it is, as the store has it. */
export interface TakenEvent {
  seq: number
  id: string
  /** As text. */
  body: string
  received: number
  attempts: number
  completed: string | null
}

export interface LiveEvent extends ClaimedEvent {
  /** Bytes or characters of its body. */
  readonly size: number
}

const NONE: readonly never[] = []
const BYTE_ORDER_MARK = '\ufeff'

/** Events that were taken from the store, but for those that cannot be read. */
export function takenEvents (rows: readonly TakenEvent[], onDamaged: (row: TakenEvent) => void): LiveEvent[] {
  return rows.flatMap((row) => {
    try {
      return [takenEvent(row)]
    } catch { // what it says quotes the body
      onDamaged(row)
      return []
    }
  })
}

function takenEvent ({ seq, id, body, received, attempts, completed }: TakenEvent): LiveEvent {
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

export function storedEvent ({ seq, id, name, lane, state, body, received, attempts, due, finished, error, deliveries }: StoredRow): StoredEvent {
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
    error,
    deliveries: recordsOf(deliveries)
  }
}

export function dateOf (time: number | null): Date | null {
  return time === null ? null : new Date(time)
}

function parse (body: string): UnknownEvent {
  const json = body.startsWith(BYTE_ORDER_MARK) ? body.slice(1) : body
  return JSON.parse(json) as UnknownEvent // it was checked before it was stored
}
