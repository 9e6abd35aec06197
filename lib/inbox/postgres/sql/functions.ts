// What the functions of the schema share.
import { COLLECT } from '../../sql/next-lane.ts'

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
export function firstOf (schema: string, of: string, most: number | string = 1): string {
  return `SELECT p.* FROM ${schema}.pending p WHERE p.lane = ${of}.lane AND p.seq >= ${of}.head ORDER BY p.seq LIMIT ${most}`
}

/** Whether a lane may be one of events that wait for collectors: a conversation may be called so, too. */
export function mayCollect (lane: string): string {
  return `starts_with(${lane}, '${COLLECT}')`
}

/** Whether the first event of the lane `of` waits for collectors. Nothing is read for any other lane. */
export function isOfCollectors (schema: string, of: string): string {
  return `CASE WHEN ${mayCollect(`${of}.lane`)} THEN (
        SELECT (SELECT e.lane FROM ${schema}.events e WHERE e.seq = f.seq) <> f.lane FROM (${firstOf(schema, of)}) AS f) END`
}

/**
 * Of pending events `p` of a lane, when that is due: with the first one. But what waits for collectors and has not failed has times of its own,
 * and the lane is due with whichever comes first.
 */
export const FIRST_DUE = `CASE WHEN (array_agg(p.attempts ORDER BY p.seq))[1] = 0 AND (array_agg(p.due ORDER BY p.seq))[1] IS NOT NULL
          THEN min(p.due) ELSE (array_agg(p.due ORDER BY p.seq))[1] END`

/**
 * When a lane `l` is due that events come to which wait until `excluded.due`: then or sooner. But not if it is leased, or if its first event `p`
 * has failed and comes before them: then it has its own time. `ifEmpty` is when it is if nothing is there.
 */
export function dueWithOthers (ifEmpty: string): string {
  return `CASE WHEN l.claim IS NOT NULL OR (p.attempts > 0 AND p.seq <= excluded.head) THEN l.due WHEN p.seq IS NULL THEN ${ifEmpty} ELSE least(l.due, excluded.due) END`
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
