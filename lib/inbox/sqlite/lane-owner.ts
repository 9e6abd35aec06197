// Only SQLite: PostgreSQL's lanes are all in the server, which leases them to processes (postgres/leases.ts).

/**
 * Who owns a lane: only the owner gives its events out to be delivered. It is memory (deliveries.ts, in the app's thread) or the store
 * (store/lane-table.ts, in a thread of its own). What comes in is delivered from memory, and does not wait for the store.
 *
 * Memory owns a lane that is live, or checked out: then it has a row in `lanes`, and memory has to give it back. The store owns a lane that
 * is ready, waits for a retry, or is parked. docs/architecture.md has a table of these states, and of what changes them: see "Who owns a
 * lane in the SQLite inbox?".
 *
 * Memory learns from each answer which lanes were checked out (`Added.checkedOut`, `lanes` of `replay` and `carryOut`, `claim`), and gives
 * back each of them (`GivenBack`), at once if it has no event of it. A thread that starts again is told which lanes memory still delivers
 * (`Opening.held`): these are checked out, and all others are ready or wait for a retry.
 */

/** Behind all lanes that are ready. */
export const READY = 'ready'

/** When a lane can be claimed: the time of a retry. null: it is checked out. */
export type Due = number | typeof READY | null

/** A lane that the store gets back. */
export interface GivenBack {
  lane: string
  due: Due
  /** Its events that were live. */
  seqs: readonly number[]
}

/** How the store may take an event. Numbers, for they are handed over by the hundred. */
export const Admission = {
  /** There is room for it in memory. */
  live: 0,
  /** There is none, or it waits for collectors. Its lane is not in memory. */
  stored: 1,
  /** There is none, and its lane is in memory. */
  checkedOut: 2,
  invalid: 3
} as const
export type Admission = typeof Admission[keyof typeof Admission]

/** What became of an added event: its `seq` if it is live, or one of these. */
export const Added = { duplicate: -1, full: -2, stored: -3, checkedOut: -4 } as const
