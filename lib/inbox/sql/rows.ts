import type { UnknownEvent } from '../../events/schemas.ts'
import { trustedJson } from '../../events/trusted-json.ts'
import { isObject } from '../../options/check.ts'
import { dateOf } from '../dates.ts'
import type { ClaimedEvent, EventState, Found, InboxStats, Outcome, StoredEvent } from '../inbox.ts'
import { recordsOf } from './delivery-records.ts'
import { isCollected } from './next-lane.ts'
import { wellFormed } from './well-formed.ts'

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
  /** Lines of text. */
  problems: string | null
  /** Lines of records. */
  deliveries: string | null
  /** Whether it has left its lane. @default false */
  aside?: boolean
  /** Whether it waits for collectors. @default false */
  collected?: boolean
}

/** What `find` answers, with its events as they are stored. */
export interface FoundRows extends Omit<Found, 'events'> {
  rows: StoredRow[]
}

/** Times as numbers. */
export type StatsRow = Record<Exclude<keyof InboxStats, TimeOfStats>, number> & Record<TimeOfStats, number | null>
type TimeOfStats = 'oldestPendingAt' | 'lastReceivedAt'

/** An event whose turn it is, as the store has it. */
export interface ClaimedRow {
  seq: number
  id: string
  /** As text. */
  body: string
  received: number
  attempts: number
  /** JSON: see `listenersJson`. */
  completed: string | null
  /** JSON: listeners that are through with it because a transaction of the app says so. @default none */
  noted?: string | null
  problems: string | null
  /** Milliseconds since it first failed. */
  failingFor: number
  /** Milliseconds until it is to be tried again, if it has failed; 0 if it has not. */
  dueIn: number
  /** Whether it has left its lane. */
  aside: boolean
  /** The lane that it came in, if it is in another one. */
  home: string | null
  /** Whether this attempt was recorded before, and the process ended in it. */
  interrupted: boolean
}

export interface LiveEvent extends ClaimedEvent {
  /** The lane that it came in, if it is in another one. */
  readonly home: string | null
  /** Bytes or characters of its body. */
  readonly size: number
  isDiscarded?: boolean
}

/** A page ends once its bodies are this long, in characters or bytes: a thousand of the longest would be hundreds of MiB at once. */
export const MOST_LISTED = 8_388_608

/** Of an event whose body cannot be read any more. */
export const DAMAGED = 'its body is damaged'

const NONE: readonly never[] = []
const BYTE_ORDER_MARK = '\ufeff'

/** Events of a lane that were taken from the store, but for those that cannot be read. */
export function claimedEvents (lane: string, rows: readonly ClaimedRow[], onDamaged: (row: ClaimedRow) => void): LiveEvent[] {
  return rows.flatMap((row) => {
    try {
      return [claimedEvent(lane, row)]
    } catch { // what it says quotes the body
      onDamaged(row)
      return []
    }
  })
}

function claimedEvent (lane: string, row: ClaimedRow): LiveEvent {
  const { seq, id, body, received, attempts, completed, noted = null, problems, failingFor, dueIn, interrupted, aside, home } = row
  const event = parse(body)
  return {
    seq,
    id,
    name: event.event,
    event,
    receivedAt: received,
    attempt: attempts + 1,
    ...withNoted(listenersIn(completed), noted),
    problems: problemsOf(problems),
    failingFor,
    dueIn,
    interrupted,
    isAside: aside,
    collectedFrom: isCollected({ lane, home }) ? String(home) : undefined,
    home,
    size: body.length
  }
}

/** One that is damaged is shown, too: it must not hide all others. */
export function storedEvent ({ seq, id, name, lane, state, body, received, attempts, due, finished, error, problems, deliveries, aside = false, collected = false }: StoredRow): StoredEvent {
  const event = readable(body)
  return {
    seq,
    id,
    name,
    lane,
    state,
    event: event ?? { event: name },
    receivedAt: new Date(received),
    attempts,
    dueAt: state === 'pending' ? new Date(due ?? received) : null,
    isAside: state === 'pending' && aside,
    isCollected: state === 'pending' && collected,
    finishedAt: dateOf(finished),
    error: event === undefined ? DAMAGED : error ?? problemsOf(problems)?.join('; ') ?? null,
    deliveries: recordsOf(deliveries)
  }
}

export function inboxStats ({ oldestPendingAt, lastReceivedAt, ...counts }: StatsRow): InboxStats {
  return { ...counts, oldestPendingAt: dateOf(oldestPendingAt), lastReceivedAt: dateOf(lastReceivedAt) }
}

/** Which listeners are not to be called again, as the stores keep it. */
export function listenersJson ({ completed, refused }: Pick<Outcome, 'completed' | 'refused'>): string {
  return wellFormed(JSON.stringify({ completed, refused }))
}

function listenersIn (json: string | null): Pick<ClaimedEvent, 'completed' | 'refused'> {
  return json === null ? { completed: NONE } : trustedJson(json)
}

function withNoted (listeners: Pick<ClaimedEvent, 'completed' | 'refused'>, noted: string | null): Pick<ClaimedEvent, 'completed' | 'refused'> {
  return noted === null ? listeners : { ...listeners, completed: [...listeners.completed, ...trustedJson<string[]>(noted)] }
}

/** The stores keep them as lines. */
export function problemLines (problems: readonly string[] | null): string | null {
  return problems === null ? null : wellFormed(problems.join('\n'))
}

function problemsOf (lines: string | null): readonly string[] | null {
  return lines === null ? null : lines.split('\n')
}

function parse (body: string): UnknownEvent {
  const event: unknown = JSON.parse(body.startsWith(BYTE_ORDER_MARK) ? body.slice(1) : body)
  if (!isEvent(event)) throw new Error(DAMAGED)
  return event
}

/** It was when it was stored. */
function isEvent (value: unknown): value is UnknownEvent {
  return isObject(value) // its name was looked at before it was stored
}

function readable (body: string): UnknownEvent | undefined {
  try {
    return parse(body)
  } catch {
    return undefined
  }
}
