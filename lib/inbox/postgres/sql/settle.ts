import { MOST_KEPT } from '../../records.ts'
import { OWN_SHARD, State } from './states.ts'

/**
 * Records what became of claims and gives their lanes back. The first arrays have an entry for each claim: its lane's `adds` if all
 * that was pending with that is through, or else null; a delay in milliseconds if its next event is to be tried again later. The
 * others have one for each event that was done at once, and for each that was not; `_done_by` and `_failed_by` are the places of their claims.
 *
 * Returns the lanes that are not the claim's any more: its lease had run out, and of what became of its events nothing is recorded.
 */
export const settle = (schema: string): string => `
  CREATE FUNCTION ${schema}.settle (_holder uuid, _lanes text[], _claims bigint[], _adds bigint[], _delays double precision[],
    _done_seqs bigint[], _done_by integer[],
    _failed_seqs bigint[], _failed_by integer[], _failed_states smallint[], _failed_delays double precision[], _failed_completed text[], _failed_errors text[], _failed_deliveries text[],
    OUT lost text[]) LANGUAGE plpgsql AS $$
  DECLARE
    held integer[];
    done_count bigint;
    dead_count bigint := 0;
    late_count bigint := 0;
    invalid_count bigint := 0;
  BEGIN
    -- In lane order, as when events are added.
    held := ARRAY(
      SELECT g.n FROM unnest(_lanes, _claims) WITH ORDINALITY AS g (lane, claim, n)
      JOIN ${schema}.lanes l ON l.lane = g.lane AND l.claim = g.claim AND l.holder = _holder
      ORDER BY l.lane FOR NO KEY UPDATE OF l);
    IF cardinality(held) < cardinality(_lanes) THEN
      lost := ARRAY(SELECT g.lane FROM unnest(_lanes) WITH ORDINALITY AS g (lane, n) WHERE g.n <> ALL (held));
    END IF;

    IF cardinality(_failed_seqs) > 0 THEN
      ${settleFailed(schema)}
    END IF;

    UPDATE ${schema}.events e SET state = ${State.done}, attempts = e.attempts + 1, due = NULL, finished = now()
      FROM unnest(_done_seqs, _done_by) AS d (seq, n)
      WHERE e.seq = d.seq AND e.state + 0 = ${State.pending} AND (cardinality(held) = cardinality(_lanes) OR d.n = ANY (held));
    GET DIAGNOSTICS done_count = ROW_COUNT;
    done_count := done_count + late_count;

    -- Nobody adds to these lanes while they are locked: what one statement leaves is what the next one sees.
    DELETE FROM ${schema}.lanes l USING unnest(_lanes, _claims, _adds) AS g (lane, claim, adds)
      WHERE l.lane = g.lane AND l.claim = g.claim AND l.holder = _holder AND l.adds = g.adds;
    UPDATE ${schema}.lanes l SET holder = NULL, claim = NULL, due = now() + coalesce(g.delay, 0) * interval '1 millisecond'
      FROM unnest(_lanes, _claims, _delays) AS g (lane, claim, delay)
      WHERE l.lane = g.lane AND l.claim = g.claim AND l.holder = _holder;

    IF done_count + dead_count + invalid_count > 0 THEN
      UPDATE ${schema}.totals SET pending = pending - done_count - dead_count - invalid_count,
        done = done + done_count, dead = dead + dead_count, invalid = invalid + invalid_count WHERE ${OWN_SHARD};
    END IF;
  END $$;
`

/** Those that did not succeed at once. */
const settleFailed = (schema: string): string => `WITH changed AS (
      UPDATE ${schema}.events e SET
        state = f.state,
        attempts = e.attempts + 1,
        due = CASE WHEN f.state = ${State.pending} THEN now() + f.delay * interval '1 millisecond' END,
        finished = CASE WHEN f.state <> ${State.pending} THEN now() END,
        completed = f.completed,
        error = f.error,
        deliveries = right(coalesce(e.deliveries, '') || f.delivery, ${MOST_KEPT})
      FROM unnest(_failed_seqs, _failed_by, _failed_states, _failed_delays, _failed_completed, _failed_errors, _failed_deliveries)
        AS f (seq, n, state, delay, completed, error, delivery)
      WHERE e.seq = f.seq AND e.state + 0 = ${State.pending} AND f.n = ANY (held)
      RETURNING e.state
    )
    SELECT count(*) FILTER (WHERE state = ${State.dead}), count(*) FILTER (WHERE state = ${State.done}), count(*) FILTER (WHERE state = ${State.invalid})
      INTO dead_count, late_count, invalid_count FROM changed;`
