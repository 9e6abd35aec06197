import { MOST_COLLECTED } from '../../sql/next-lane.ts'
import { blockOf, FIRST_DUE, firstOf, isOfLane, mayCollect, OWN_SHARD, PLANNED, startOf } from './functions.ts'
import { State } from './states.ts'

/**
 * Removes events, whatever their state, and returns their numbers. The lanes of pending ones come first, as when events are added. One
 * that has become pending, or has gone to another lane, before it was locked makes it begin anew.
 *
 * A lane that has nothing pending any more goes, too, unless it is claimed: then it stays until it is settled, so that what is added
 * to it meanwhile waits for the listener that is at work. Whoever settles or claims a lane without events removes it. One that is only
 * reserved goes on at once, if it is the event that it was reserved for which is gone.
 */
export const discard = (schema: string): string => `
  CREATE FUNCTION ${schema}.discard (_ids bytea[]) RETURNS bigint[] ${PLANNED} AS $$
  DECLARE
    _epoch integer := ${schema}.enter();
    _lanes text[] := ARRAY(
      SELECT DISTINCT p.lane FROM ${schema}.pending p WHERE p.seq + 0 = ANY (ARRAY(SELECT e.seq FROM ${schema}.events e WHERE e.id = ANY (_ids))));
    _seqs bigint[];
    _counts bigint[];
    _is_locked boolean;
  BEGIN
    PERFORM FROM ${schema}.lanes l WHERE l.epoch = _epoch AND l.lane = ANY (_lanes) ORDER BY l.lane || '' FOR NO KEY UPDATE;
    -- In the order in which they are replayed.
    PERFORM FROM ${schema}.finished f WHERE f.seq = ANY (ARRAY(SELECT e.seq FROM ${schema}.events e WHERE e.id = ANY (_ids))) ORDER BY f.seq FOR UPDATE;
    WITH gone AS (DELETE FROM ${schema}.events WHERE id = ANY (_ids) RETURNING seq, born),
      gone_completions AS (DELETE FROM ${schema}.completions c USING gone WHERE c.born = gone.born)
      SELECT coalesce(array_agg(seq), '{}') INTO _seqs FROM gone;
    IF cardinality(_seqs) = 0 THEN RETURN _seqs; END IF;

    WITH gone AS (DELETE FROM ${schema}.pending WHERE seq + 0 = ANY (_seqs) RETURNING lane)
      SELECT coalesce(bool_and(lane = ANY (_lanes)), true) INTO _is_locked FROM gone;
    IF NOT _is_locked THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure';
    END IF;
    WITH gone AS (DELETE FROM ${schema}.finished WHERE seq = ANY (_seqs) RETURNING state)
      SELECT ARRAY[${[State.done, State.dead, State.invalid].map((state) => `count(*) FILTER (WHERE state = ${state})`).join(', ')}] INTO _counts FROM gone;
    ${goOnWithout(schema, '_lanes')}
    UPDATE ${schema}.totals SET
      pending = pending - cardinality(_seqs) + _counts[${State.done}] + _counts[${State.dead}] + _counts[${State.invalid}],
      done = done - _counts[${State.done}],
      dead = dead - _counts[${State.dead}],
      invalid = invalid - _counts[${State.invalid}]
      WHERE ${OWN_SHARD};
    RETURN _seqs;
  END $$;
`

/** Those of these lanes, which are locked, that nobody has claimed go on without what is gone. */
export const goOnWithout = (schema: string, lanes: string): string => `DELETE FROM ${schema}.lanes l WHERE l.epoch = _epoch AND l.lane = ANY (${lanes}) AND l.claim IS NULL AND NOT EXISTS (${firstOf(schema, 'l')});
    -- What waited behind one that was to be tried again, or still runs: only that has a time of its own.
    UPDATE ${schema}.lanes l SET (due, holder) = (
        SELECT greatest(now(), least(l.due, coalesce(f.due, now()))), CASE WHEN f.due IS NOT NULL THEN l.holder END
        FROM (SELECT ${FIRST_DUE} AS due FROM (${firstOf(schema, 'l', `CASE WHEN ${mayCollect('l.lane')} THEN ${MOST_COLLECTED} ELSE 1 END`)}) AS p) AS f)
      WHERE l.epoch = _epoch AND l.lane = ANY (${lanes}) AND l.claim IS NULL;`

/** Blocks in one look for the events of a lane. */
export const BLOCKS = 64

/**
 * Removes the next events of a lane after `_after`, `_most` of them at most, and returns their numbers, and where to go on: null if there
 * are no events after that.
 */
export const forget = (schema: string): string => `
  CREATE FUNCTION ${schema}.forget (_lane text, _after bigint, _most integer, OUT removed bigint[], OUT last bigint) ${PLANNED} AS $$
  DECLARE
    _block integer := ${blockOf(`(SELECT min(seq) FROM ${schema}.events WHERE seq > _after)`)};
    _ids bytea[];
  BEGIN
    SELECT array_agg(f.id), CASE count(*) WHEN _most THEN max(f.seq) ELSE (${startOf(`(_block + ${BLOCKS})`)}) - 1 END INTO _ids, last FROM (
      SELECT e.* FROM generate_series(_block, _block + ${BLOCKS - 1}) AS b (block)
      CROSS JOIN LATERAL (SELECT e.seq, e.id FROM ${schema}.events e WHERE ${isOfLane('_lane', 'b.block')} AND e.seq + 0 > _after ORDER BY e.seq + 0 LIMIT _most) AS e
      ORDER BY e.seq LIMIT _most) AS f;
    removed := CASE WHEN _ids IS NULL THEN '{}' ELSE ${schema}.discard(_ids) END;
  END $$;
`
