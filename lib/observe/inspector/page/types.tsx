/** What the API answers, as JSON. Times are ISO strings. */
export type State = 'pending' | 'done' | 'dead' | 'invalid'

/** The event of the same conversation that a pending one waits for. */
export interface Behind {
  id: string
  attempts: number
  dueAt: string | null
  error: string | null
}

export interface Row {
  seq: number
  id: string
  name: string
  conversation: string | null
  state: State
  /** Name of who wrote it, or the number or address it came from or went to; '' if unknown. */
  who: string
  medium: string
  /** '' for a text, or what it is: 'picture', 'voice note', … */
  media: string
  /** What was written; '' if nothing was. */
  text: string
  attempts: number
  receivedAt: string
  dueAt: string | null
  finishedAt: string | null
  error: string | null
  /** Pending, but beside its conversation: nothing waits for it. */
  isAside: boolean
  /** Pending, its listeners being through: it waits for collectors, and nothing but what comes after it waits there for it. */
  isCollected: boolean
  behind: Behind | null
}

export interface Failure {
  listener: string
  duration: number
  error: string
}

export interface Delivery {
  attempt: number
  startedAt: string
  duration: number
  completed: string[]
  failures: Failure[]
}

export interface Waiting {
  /** Pending events that wait for it. */
  count: number
  /** There are more of them than were counted. */
  more: boolean
  /** It waits for an earlier event itself. */
  isBehind: boolean
  /** Which that is; null if there is none, or it is not known. */
  first: Row | null
}

export interface Detail {
  seq: number
  id: string
  name: string
  lane: string
  conversation: string | null
  state: State
  who: string
  medium: string
  media: string
  event: unknown
  receivedAt: string
  attempts: number
  dueAt: string | null
  finishedAt: string | null
  error: string | null
  deliveries: Delivery[]
  isAside: boolean
  isCollected: boolean
  waiting: Waiting
}

export interface Stats {
  pending: number
  failing: number
  done: number
  dead: number
  invalid: number
  oldestPendingAt: string | null
  lastReceivedAt: string | null
}

export interface Bucket {
  /** When it begins, in milliseconds since the epoch. */
  at: number
  accepted: number
  refused: number
  done: number
  retried: number
  dead: number
}

export interface Activity {
  /** When this process began to count. */
  since: string
  /** By minute, oldest first. */
  hour: Bucket[]
  /** By 30 minutes, oldest first. */
  day: Bucket[]
}

export interface Update {
  stats: Stats
  activity: Activity
  events: Row[]
  /** The ids of those that are not in the inbox any more. */
  gone: string[]
  /** More came in than this tells of. */
  gap: boolean
}

interface Part {
  scanned: number
  /** Where to go on; null if there is no more. */
  before: number | null
  /** Events that there are to look at. */
  total: number
}

export interface Page extends Part {
  events: Row[]
}

export interface Ids extends Part {
  ids: string[]
}

/** '' is none. */
export interface Filter {
  /** A state, or 'failing': pending, and failed at least once. */
  state: string
  name: string
  conversation: string
  text: string
  /** ISO times. */
  since: string
  until: string
}

export type BulkVerb = 'Replay' | 'Discard' | 'Export'

export interface BulkAsked {
  verb: BulkVerb
  filter: Filter
  /** The selected ones, the oldest first; null for all that fit the filter. */
  ids: readonly string[] | null
}

/** Each change is a step that Back goes back to, or none. */
export type ChangeFilter = (filter: Filter, how: 'push' | 'replace') => void

export const STATES = ['pending', 'failing', 'done', 'dead', 'invalid'] as const

export const NO_FILTER: Filter = { state: '', name: '', conversation: '', text: '', since: '', until: '' }
