/** What the API answers, as JSON. */
export type State = 'pending' | 'done' | 'dead' | 'invalid'

export interface Row {
  seq: number
  id: string
  name: string
  conversation: string | null
  state: State
  medium: string
  text: string
  attempts: number
  receivedAt: string
  dueAt: string | null
  finishedAt: string | null
  error: string | null
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

export interface Detail {
  seq: number
  id: string
  name: string
  lane: string
  state: State
  event: unknown
  receivedAt: string
  attempts: number
  dueAt: string | null
  finishedAt: string | null
  error: string | null
  deliveries: Delivery[]
}

export interface Stats {
  pending: number
  done: number
  dead: number
  invalid: number
  oldestPendingAt: string | null
}

export interface Minute {
  at: number
  accepted: number
  refused: number
  done: number
  retried: number
  dead: number
}

export interface Update {
  stats: Stats
  activity: Minute[]
  events: Row[]
  /** The ids of those that are not in the inbox any more. */
  gone: string[]
  gap: boolean
}

export interface Page {
  events: Row[]
  scanned: number
  before: number | null
}

export interface Filter {
  state: string
  name: string
  conversation: string
  text: string
}

export const STATES: readonly State[] = ['pending', 'done', 'dead', 'invalid']
