// What the functions of the schema share.
/** Milliseconds: longer than any time that is meant, and short enough for a date of PostgreSQL. */
export const LONGEST = 1e14

/** How long a function waits for a lock, in milliseconds. */
export const LOCK_TIMEOUT = 10_000

/** Rows of `totals`. */
export const SHARDS = 16

/**
 * What each function has. Names mean what the server means by them: whoever has a function or an operator of the same name in a schema
 * of the search path would otherwise be called, with what is stored here.
 */
export const SAFE = 'LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp'

/**
 * How a function that is called from outside is run; it holds for the functions that it calls, too. It gives up before this process
 * does, while others have locked what it needs: nothing of it is done then, and nobody waits for it any more.
 *
 * It reads a few rows by index, however many there are. Left to itself, the server would keep what it had planned while the tables were
 * empty, which is to read them from end to end: also by an index, if that is in the order of a join. So what is pending, and lanes, are
 * joined with nothing: their keys are in an array, or in a subquery that is run for each one.
 */
export const PLANNED = `${SAFE} SET lock_timeout = '${LOCK_TIMEOUT}ms'
  SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
  SET enable_memoize = off SET jit = off SET plan_cache_mode = force_generic_plan`

/** The numbers of events. */
export function sequenceOf (schema: string): string {
  return `'${schema.replaceAll("'", "''")}.event_seq'::regclass`
}

/** The last number that was given out. */
export function lastNumber (schema: string): string {
  return `coalesce(pg_sequence_last_value(${sequenceOf(schema)}), 0)`
}

/** Of the lane `of`: what is pending, in order. */
export function firstOf (schema: string, of: string, most = 1): string {
  return `SELECT p.* FROM ${schema}.pending p WHERE p.lane = ${of}.lane AND p.seq >= ${of}.head ORDER BY p.seq LIMIT ${most}`
}

/** The block that an event is in: of 32 768 that were added one after the other. */
export function blockOf (seq: string): string {
  return `(${seq} >> 15)::integer`
}

/** The first number of a block. */
export function startOf (block: string): string {
  return `${block}::bigint << 15`
}

/**
 * Whether an event `e` is of a lane, and in a block: in the words of the index. Where it is also asked for its number, that has to be by
 * `seq + 0`. With `seq` the server may take the index of numbers, and read all that is in it.
 */
export function isOfLane (lane: string, block: string): string {
  return `${blockOf('e.seq')} = ${block} AND pg_catalog.hashtext(e.lane) = pg_catalog.hashtext(${lane}) AND e.lane = ${lane}`
}

/** The row of `totals` that this connection counts in. */
export const OWN_SHARD = `epoch = _epoch AND shard = pg_backend_pid() % ${SHARDS}`
