import type { CollectOptions, WebhooksOptions } from '../../../index.ts'
import type { PostgresInboxOptions } from '../../../lib/inbox/postgres/inbox.ts'

/** What a host is told when it is started. */
export interface Settings {
  /** The folder of a package that was built, instead of the sources. */
  dist?: string | undefined
  /** The file of its SQLite inbox. */
  path?: string | undefined
  /** Or where its PostgreSQL inbox is. */
  postgres?: PostgresInboxOptions | undefined
  keep?: number | undefined
  /** Whether it loads its files and then waits until it is told to go on. */
  held?: boolean | undefined
  /** How long it waits for the file, in milliseconds. */
  wait?: number | undefined
  /** From which level on it logs. */
  level?: 'info' | undefined
  /** By how many milliseconds its clock is ahead. */
  ahead?: number | undefined
  /** The user that it is to be. */
  uid?: number | undefined
  /** Where it notes what its listener does. */
  deliveries?: string | undefined
  /** What it fills the disk with. */
  ballast?: string | undefined
  /** `stuck`: it never finishes. */
  listener?: 'quick' | 'stuck' | undefined
  /** The conversation with whose events its listener does nothing but wait until it is told to stop. */
  stuck?: string | undefined
  /** The conversation with whose first event its listener ends the process, and how. */
  poison?: { conversation: string, end: 'exit' | 'kill' | 'throw' } | undefined
  /** Of a collector that notes its bursts, if there is to be one. */
  collect?: Collecting | undefined
  /** Whether it shows its metrics, at /metrics. */
  measured?: boolean | undefined
  /** The address of a module whose default export makes another inbox of its own. */
  replace?: string | undefined
  options?: Omit<WebhooksOptions, 'inbox'> | undefined
}

/** How it collects. `alone`: nobody listens. `saves`: the table `collected` of that database gets what is collected, in a transaction that completes the events. */
export interface Collecting {
  options: CollectOptions
  saves?: { connectionString: string } | undefined
  alone?: boolean | undefined
}

/** What it says then. */
export type Started = { port: number } | { code?: string, message: string }

/** What it notes of a request, as it begins: the sender's name for it. */
export interface Requested {
  what: 'request'
  name: string
}

/** What it notes of a delivery. */
export interface Delivered {
  what: 'start' | 'done' | 'failed' | 'dead'
  conversation: string
  n: number
  attempt: number
  /** Of the process. */
  pid: number
  /** When, by `monotonic`. */
  at: number
}

/** What it notes of a burst. */
export interface Collected {
  what: 'collecting' | 'collected' | 'collecting failed'
  conversation: string
  /** Its events. */
  ns: number[]
  attempt: number
  pid: number
  at: number
}
