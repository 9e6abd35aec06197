import type { EventState } from '../../inbox.ts'

/** As they are stored: from 0 on, in this order. */
export const State = { pending: 0, done: 1, dead: 2, invalid: 3 } as const satisfies Record<EventState, number>

/** Milliseconds: longer than any time that is meant, and short enough for a date of PostgreSQL. */
export const LONGEST = 1e14

/** Rows of `totals`. */
export const SHARDS = 16

/**
 * How a function is planned. It reads a few rows by index, however many there are. Left to itself, the server would keep what it
 * had planned while the tables were empty, which is to read them from end to end. It holds for the functions that it calls, too.
 * An index of pending events is read from end to end all the same wherever a condition says `state = 0`: so that only does where each
 * row is looked for by itself.
 */
export const PLANNED = `LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
  SET enable_memoize = off SET jit = off SET plan_cache_mode = force_generic_plan`

/** The numbers of events, as `nextval` wants its name. */
export function sequenceOf (schema: string): string {
  return `'${schema.replaceAll("'", "''")}.event_seq'`
}

/** The row of `totals` that this connection counts in. */
export const OWN_SHARD = `shard = pg_backend_pid() % ${SHARDS}`
