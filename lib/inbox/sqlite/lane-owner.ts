// Only SQLite: PostgreSQL's lanes are all in the server, which leases them to processes (postgres/leases.ts).

/**
 * Who owns a lane, and so may give its events out: memory (deliveries.ts, in the app's thread) or the store (store/lane-table.ts, in a
 * thread of its own). What is delivered as it comes in never waits for the store.
 *
 * | Lane    | Its row in `lanes` | Its pending events         | Owner  | What changes it                                              |
 * | ------- | ------------------ | -------------------------- | ------ | ------------------------------------------------------------ |
 * | none    | none               | none                       | nobody | an add makes it live (`Admission.live`) or waiting (`stored`) |
 * | live    | none               | `live`                     | memory | with its last event it ends; a replay, or an add for which memory has no room (`locked`), locks it; a retry gives it back |
 * | locked  | `due` is null      | `live`, behind it `waiting` | memory | once memory is through with what it has, it gives the lane back |
 * | waiting | `due` is set       | `waiting`                  | store  | a claim locks it: memory has its first events, which stay `waiting` |
 * | parked  | `due` below FIRST  | `waiting`, a suspect first | store  | waiting, when its trial can begin (store/suspects.ts)        |
 *
 * A lane that is given back (`GivenBack`) is waiting from then on, or none if nothing of it is left. A message that locks a lane says so
 * in its answer (`Added.locked`, `lanes` of `replay` and `order`, `claim`): whoever gets it sees to it that the lane is given back.
 * A thread that starts again is told what memory has claimed (`Opening.held`): that is locked, and all else is waiting.
 */

/** Behind all lanes that are ready. */
export const READY = 'ready'

/** When a lane can be claimed: the time of a retry. null: it is locked. */
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
  /** There is none, and its lane is not in memory. */
  stored: 1,
  /** There is none, and its lane is in memory. */
  locked: 2,
  invalid: 3
} as const
export type Admission = typeof Admission[keyof typeof Admission]

/** What became of an added event: its `seq` if it is live, or one of these. */
export const Added = { duplicate: -1, full: -2, stored: -3, locked: -4 } as const
