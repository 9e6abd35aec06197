import type { ListOptions } from '../inbox.ts'
import type { StatsRow, StoredRow, TakenEvent } from '../sql/rows.ts'
import type { ChangeResult } from './change-request.ts'

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
  /** Whether it is tried beside its lane from now on, and whether it has to leave it for that. @default false */
  aside?: boolean | undefined
  leaves?: boolean
}

/** Behind all lanes that are ready. */
export const READY = 'ready'

/** When a lane can be taken: the time of a retry. null: not before it is given back. */
export type Due = number | typeof READY | null

/** A lane that the store gets back: from then on it is the store that gives it out. */
export interface GivenBack {
  lane: string
  due: Due
  /** Its events that were live. */
  seqs: readonly number[]
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
  size: number
]

export interface Adds {
  rows: AddedRow[]
  /** The bodies of all of them, one behind the other. */
  bodies: Uint8Array<ArrayBuffer>
}

/** How the store may take an event. Numbers, for they are handed over by the hundred. */
export const Admission = {
  /** There is room for it in memory. */
  live: 0,
  /** There is none, and its lane is not in memory. */
  stored: 1,
  /** There is none, and its lane is in memory: the store must not give the lane out before it was given back. */
  held: 2,
  invalid: 3
} as const
export type Admission = typeof Admission[keyof typeof Admission]

/** What became of an added event: its `seq` if it is live, or one of these. `held`: it is stored, and its lane is to be given back. */
export const Taken = { duplicate: -1, full: -2, stored: -3, held: -4 } as const

export type Call =
  | { method: 'stats' }
  | { method: 'list', options: ListOptions }
  | { method: 'get', id: string }
  /** Which of these events there are, in their old order. */
  | { method: 'inOrder', ids: readonly string[] }
  | { method: 'replay', ids: readonly string[], all: boolean }
  | { method: 'discard', ids: readonly string[] }
  /** Removes the events of a lane from the next ones after `after`. */
  | { method: 'forget', lane: string, after: number }
  /** A step of what another process has ordered first, if one has. */
  | { method: 'order' }
  | { method: 'answer', answer: ChangeResult }
  /** So many lanes that are due: they are held from then on. */
  | { method: 'take', lanes: number }

/** One transaction of the store, in this order. */
export interface Work {
  kind: 'work'
  now: number
  /** Events delivered at their first attempt: most of them. */
  done: number[]
  failed: Failed[]
  givenBack: GivenBack[]
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

export interface TakenLane {
  lane: string
  events: TakenEvent[]
}

export interface Results {
  stats: StatsRow
  list: StoredRow[]
  get: StoredRow | undefined
  inOrder: Array<{ id: string, seq: number }>
  /** `lanes` are now held, to be given back by those who know whether they are in memory. */
  replay: { count: number, lanes: string[] }
  discard: Removed
  /** `after` is where to go on; null if there was nothing to look at any more. */
  forget: Removed & { after: number | null }
  /**
   * `isMore`: there was one, and there may be others. `lanes` and `pending` are those of `replay` and `discard`. `removed`: the lane of
   * this order has no events any more; it is to be answered once the file has no trace of them.
   */
  order: { isMore: boolean, lanes: string[], pending: PendingEvent[], removed?: { request: number, count: number } }
  answer: undefined
  take: TakenLane[]
}

export interface Opening {
  kind: 'open'
  path: string
  keep: number
  keepFailed: number
  maxBacklog: number
  /** Lanes that are under way already: a store that is started again must not give them out. */
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
  results: Array<Results[keyof Results]>
  /** When a lane of the store is due next. */
  nextDue: number | null
}

/** Leaves no trace of what was removed: in the file, which is rewritten for it if that is asked for, and in the log. */
export interface Tidying {
  kind: 'tidy'
  rewrite: boolean
}

export interface Tidied {
  kind: 'tidied'
  /** Whether the log is empty. It is not while somebody reads what is in it. */
  isEmpty: boolean
}

/** What is asked, and answered if all goes well. */
export interface Answers {
  open: Opened
  work: Done
  tidy: Tidied
}

export type Request = Opening | Work | Tidying

export type Reply =
  | Opened
  | Done
  | Tidied
  | { kind: 'failed', message: string, locked: boolean }
  /** No answer, but news: what is old could not be removed. */
  | { kind: 'purgeFailed', message: string }
  /** No answer either: another process has an order. */
  | { kind: 'asked' }
