// Only SQLite: node:sqlite waits for the disk, so the file has a thread of its own. PostgreSQL needs no thread: its server does the work.
import type { FindOptions, PageOptions } from '../inbox.ts'
import type { ClaimedRow, FoundRows, StatsRow, StoredRow } from '../sql/rows.ts'
import type { Admission, GivenBack } from './lane-owner.ts'

/** What became of a delivery, other than that the first one succeeded. */
export interface Failed {
  seq: number
  state: 'done' | 'dead' | 'pending' | 'invalid'
  attempts: number
  due: number | null
  /** JSON: the listeners that are not to be called again. */
  completed: string | null
  error: string | null
  /** A line for its records, or nothing. */
  delivery: string
  /** Whether it is tried beside its lane from now on. @default false */
  aside?: boolean | undefined
  /** Whether it waits for collectors from now on. @default false */
  collects?: boolean | undefined
  /** Whether it waited already, and stays as it is if it has failed. @default false */
  stays?: boolean | undefined
  /** The lane that it is in from now on. @default the one that it is in */
  lane?: string
}

/** A new event. Not an object: the names of its fields would be handed over with each. */
export type AddedRow = readonly [
  id: string,
  name: string,
  lane: string,
  admission: Admission,
  received: number,
  /** Lines of text. */
  problems: string | null,
  /** Bytes of its body. */
  size: number,
  /** For how many milliseconds it waits for collectors at once, unless the store has its lane. Not given: it does not. */
  collectAfter?: number
]

export interface Adds {
  rows: AddedRow[]
  /** The bodies of all of them, one behind the other. */
  bodies: Uint8Array<ArrayBuffer>
}

/** What another process wants from the one that has the file. */
export type ChangeRequest =
  | { readonly action: 'replay' | 'discard', readonly ids: readonly string[], readonly all: boolean }
  | { readonly action: 'forget', readonly lane: string }

/** How many events it were, or why it could not be done. */
export interface ChangeResult {
  request: number
  count?: number
  error?: string
}

export type Call =
  | { method: 'stats' }
  | { method: 'list', options: PageOptions }
  | { method: 'get', id: string }
  /** Which of these events there are, in their old order. */
  | { method: 'inOrder', ids: readonly string[] }
  | { method: 'replay', ids: readonly string[], all: boolean }
  | { method: 'discard', ids: readonly string[] }
  /** Removes the events of a lane from the next ones after `after`. */
  | { method: 'forget', lane: string, after: number }
  /** A step of the oldest change request, if there is one. */
  | { method: 'carryOut' }
  | { method: 'answer', answer: ChangeResult }
  /** So many lanes that are due. */
  | { method: 'claim', lanes: number }

export type Method = Call['method']
export type CallOf<Asked extends Method> = Call & { method: Asked }

/** One transaction of the store, in this order. */
export interface Work {
  kind: 'work'
  now: number
  /** Events delivered at their first attempt: most of them. */
  done: number[]
  failed: Failed[]
  givenBack: GivenBack[]
  /** The latest time, by the clock, at which something of that came up; 0: nothing did. The clock may have been set back since. */
  settledAt: number
  adds: Adds
  calls: Call[]
}

export interface PendingEvent {
  seq: number
  lane: string
}

/** How many events were removed, and those that memory may have. */
export interface Removed {
  count: number
  pending: PendingEvent[]
}

export interface ClaimedLane {
  lane: string
  events: ClaimedRow[]
  /** Whether the lane that its first event came in is waiting or checked out; null if that is a suspect, which does not wait for others. */
  isFollowed: boolean | null
}

export interface Results {
  stats: StatsRow
  list: StoredRow[]
  get: StoredRow | undefined
  inOrder: Array<{ id: string, seq: number }>
  /** `lanes` are checked out now. */
  replay: { count: number, lanes: string[] }
  discard: Removed
  /** `after` is where to go on; null if there was nothing to look at any more. */
  forget: Removed & { after: number | null }
  /**
   * `isMore`: there was one, and there may be others. `lanes` and `pending` are those of `replay` and `discard`. `removed`: the lane of
   * this request has no events any more; it is to be answered once the file has no trace of them.
   */
  carryOut: { isMore: boolean, lanes: string[], pending: PendingEvent[], removed?: { request: number, count: number } }
  answer: undefined
  claim: ClaimedLane[]
}

export interface Opening {
  kind: 'open'
  path: string
  keep: number
  keepFailed: number
  maxBacklog: number
  /** Lanes that memory has, when the thread is started again. */
  held: readonly string[]
  /** Whether the file was there a moment ago: then it is not made anew. */
  again: boolean
  /** Then, which file it was. */
  file?: string | undefined
  /** Whether it is the thread alone that is started again: the process goes on, and with it what is under way. @default false */
  restarted?: boolean
}

export interface Opened {
  kind: 'opened'
  /** Which file it is, by device and number. */
  file: string | undefined
  nextDue: number | null
  /** Whether somebody may have ended without closing it. */
  recovering: boolean
  /** Files that others than their owner may open. */
  openToOthers: string[]
}

export interface Done {
  kind: 'done'
  /** For each added event. */
  added: number[]
  results: Array<Results[Method]>
  /** When a lane of the store is due next. */
  nextDue: number | null
}

/** Leaves no trace of what was removed: in the file, which is rewritten for it if that is asked for, and in the log. */
export interface Tidying {
  kind: 'tidy'
  rewrite: boolean
}

interface Tidied {
  kind: 'tidied'
  /** Whether the log is empty. It is not while somebody reads what is in it. */
  isEmpty: boolean
}

/** What is asked, and answered if all goes well. */
export interface Answers {
  open: Opened
  work: Done
  tidy: Tidied
  find: { kind: 'found', found: FoundRows }
}

/** A thread that finds events has no store, and is asked nothing else. */
export type Request = Opening | Work | Tidying | { kind: 'find', path: string, options: FindOptions }

export type Reply =
  | Opened
  | Done
  | Tidied
  | Answers['find']
  | { kind: 'failed', message: string, locked: boolean }
  /** No answer, but news: what is old could not be removed. */
  | { kind: 'purgeFailed', message: string }
  /** No answer either: there is a change request. */
  | { kind: 'changeRequest' }
