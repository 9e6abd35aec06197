import { OWN_SHARD, PLANNED, State } from './states.ts'

/**
 * Removes events, whatever their state, and returns their numbers. The lanes of pending ones come first, as when events are added. One
 * that has become pending, or has gone to another lane, before it was locked makes it begin anew.
 *
 * A lane that has nothing pending any more goes, too, unless it is claimed: then it stays until it is settled, so that what is added
 * to it meanwhile waits for the listener that is at work. Whoever settles or claims a lane without events removes it. One that is only
 * reserved goes on at once, if it is the event that it was reserved for which is gone.
 */
export const discard = (schema: string): string => `
  CREATE FUNCTION ${schema}.discard (_ids text[]) RETURNS bigint[] ${PLANNED} AS $$
  DECLARE
    -- Of those that are pending, in words that no index has: it would be read from end to end.
    _lanes text[] := ARRAY(
      SELECT DISTINCT e.lane FROM unnest(_ids) AS i (id) JOIN ${schema}.events e ON e.id = i.id WHERE e.finished IS NULL);
    _seqs bigint[];
    _counts bigint[];
    _is_locked boolean;
  BEGIN
    PERFORM FROM unnest(_lanes) AS g (lane) JOIN ${schema}.lanes l ON l.lane = g.lane ORDER BY l.lane FOR NO KEY UPDATE OF l;
    -- In the order in which they are replayed.
    PERFORM FROM unnest(_ids) AS i (id) JOIN ${schema}.events e ON e.id = i.id ORDER BY e.seq FOR UPDATE OF e;
    WITH gone AS (
      DELETE FROM ${schema}.events e USING unnest(_ids) AS i (id) WHERE e.id = i.id RETURNING e.seq, e.state, e.lane
    )
    SELECT coalesce(array_agg(seq), '{}'), coalesce(bool_and(state <> ${State.pending} OR lane = ANY (_lanes)), true),
      ARRAY[${[State.done, State.dead, State.invalid].map((state) => `count(*) FILTER (WHERE state = ${state})`).join(', ')}]
      INTO _seqs, _is_locked, _counts FROM gone;
    IF NOT _is_locked THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure';
    END IF;
    IF cardinality(_seqs) = 0 THEN RETURN _seqs; END IF;

    DELETE FROM ${schema}.bodies b USING unnest(_seqs) AS g (seq) WHERE b.seq = g.seq;
    DELETE FROM ${schema}.lanes l USING unnest(_lanes) AS g (lane)
      WHERE l.lane = g.lane AND l.claim IS NULL AND NOT EXISTS (${first(schema, 'l')});
    -- What waited behind one that was to be tried again, or still runs: only that has a time of its own.
    UPDATE ${schema}.lanes l SET due = least(l.due, coalesce(f.due, now())), holder = CASE WHEN f.due IS NOT NULL THEN l.holder END
      FROM unnest(_lanes) AS g (lane) CROSS JOIN LATERAL (${first(schema, 'g')}) AS f
      WHERE l.lane = g.lane AND l.claim IS NULL;
    UPDATE ${schema}.totals SET
      pending = pending - cardinality(_seqs) + _counts[${State.done}] + _counts[${State.dead}] + _counts[${State.invalid}],
      done = done - _counts[${State.done}],
      dead = dead - _counts[${State.dead}],
      invalid = invalid - _counts[${State.invalid}]
      WHERE ${OWN_SHARD};
    RETURN _seqs;
  END $$;
`

const first = (schema: string, of: string): string =>
  `SELECT p.due FROM ${schema}.events p WHERE p.lane = ${of}.lane AND p.state = ${State.pending} ORDER BY p.seq LIMIT 1`

/**
 * Removes the events of a lane that are among the next `_most` after `_after`, also if they have left it, and returns their numbers, and
 * where to go on: null if there are no more. There is no index of lanes but for pending events: each event would have to pay for it.
 */
export const forget = (schema: string): string => `
  CREATE FUNCTION ${schema}.forget (_lane text, _after bigint, _most integer, OUT removed bigint[], OUT last bigint) ${PLANNED} AS $$
  DECLARE
    _ids text[];
  BEGIN
    SELECT array_agg(e.id) FILTER (WHERE e.lane = _lane OR e.home = _lane), CASE count(*) WHEN _most THEN max(e.seq) END INTO _ids, last
      FROM (SELECT seq, id, lane, home FROM ${schema}.events WHERE seq > _after ORDER BY seq LIMIT _most) AS e;
    removed := CASE WHEN _ids IS NULL THEN '{}' ELSE ${schema}.discard(_ids) END;
  END $$;
`
