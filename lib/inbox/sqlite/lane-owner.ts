// Only SQLite: PostgreSQL's lanes are all in the server, which leases them to processes (postgres/leases.ts).

/**
 * Who owns a lane: only the owner gives its events out to be delivered. It is memory (deliveries.ts, in the app's thread) or the store
 * (store/lane-table.ts, in a thread of its own). What comes in is delivered from memory, and does not wait for the store.
 *
 * | Lane    | Row in `lanes`    | Pending events              | Owner  | What changes it |
 * | ------- | ----------------- | --------------------------- | ------ | --------------- |
 * | none    | none              | none                        | nobody | An add makes it live, or waiting if memory has no room (`Admission.stored`). A replay makes it locked. |
 * | live    | none              | `live`                      | memory | It ends with its last event. A replay, or an add without room (`Admission.locked`), makes it locked. A retry makes it waiting. |
 * | locked  | `due` is null     | `live`, then `waiting`      | memory | Memory gives it back once it is through with the events it has: it is waiting, or none if no event is left. |
 * | waiting | `due` has a value | `waiting`                   | store  | A claim makes it locked: memory has its first events then, which stay `waiting`. |
 * | parked  | `due` below FIRST | `waiting`, first a suspect  | store  | It is waiting again when its trial can begin (store/suspects.ts). |
 *
 * Memory learns from each answer which lanes were locked (`Added.locked`, `lanes` of `replay` and `order`, `claim`), and gives back each of
 * them (`GivenBack`), at once if it has no event of it. A thread that starts again is told which lanes memory still delivers
 * (`Opening.held`): these are locked, and all others are waiting.
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
