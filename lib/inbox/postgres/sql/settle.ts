import { MOST_KEPT } from '../../records.ts'
import { OWN_SHARD, SAFE, State } from './states.ts'

/** What is settled, as `settle` and `turn` take it. */
export const SETTLED = `_lanes text[], _claims bigint[], _adds bigint[], _delays double precision[], _asides text[], _running boolean[],
    _done_seqs bigint[], _done_by integer[],
    _failed_seqs bigint[], _failed_by integer[], _failed_states smallint[], _failed_completed text[], _failed_errors text[], _failed_deliveries text[]`

/**
 * Records what became of claims and gives their lanes back. The first arrays have an entry for each claim: its lane's `adds` if all
 * that was pending with that is through, or else null. If its last event is to be tried again: a delay in milliseconds, the lane of its
 * own that it is in from now on, if it leaves its lane, and whether it still runs here. The others have one for each event that was
 * done at once, and for each that was not; `_done_by` and `_failed_by` are the places of their claims.
 *
 * What is done is done, also if the lease had run out. Nothing else is recorded then: returned are the events of which it is not.
 */
export const settle = (schema: string): string => `
  CREATE FUNCTION ${schema}.settle (_holder uuid, ${SETTLED}, OUT lost bigint[]) ${SAFE} AS $$
  DECLARE
    held integer[];
    all_held boolean;
    any_suspect boolean;
    waiting integer[];
    done_count bigint;
    dead_count bigint := 0;
    late_count bigint := 0;
    invalid_count bigint := 0;
  BEGIN
    -- In lane order, as when events are added. Those that were lost, too: nobody else settles the same events meanwhile.
    SELECT coalesce(array_agg(h.n) FILTER (WHERE h.is_own), '{}'), bool_or(h.is_own AND h.suspect) INTO held, any_suspect FROM (
      SELECT g.n, l.suspect, l.claim = g.claim AND l.holder = _holder AS is_own
      FROM unnest(_lanes, _claims) WITH ORDINALITY AS g (lane, claim, n) JOIN ${schema}.lanes l ON l.lane = g.lane
      ORDER BY l.lane FOR NO KEY UPDATE OF l) AS h;
    all_held := cardinality(held) = cardinality(_lanes);
    IF NOT all_held THEN
      ${findLost(schema)}
    END IF;

    IF cardinality(_failed_seqs) > 0 THEN
      ${makeAsides(schema)}
      ${settleFailed(schema)}
    END IF;
    UPDATE ${schema}.events e SET state = ${State.done}, attempts = ${attempts('d')}, due = NULL, finished = now(), trial = NULL, error = NULL
      FROM unnest(_done_seqs, _done_by) AS d (seq, n) WHERE e.seq = d.seq AND ${isPending};
    GET DIAGNOSTICS done_count = ROW_COUNT;
    done_count := done_count + late_count;

    ${giveBack(schema)}
    IF done_count + dead_count + invalid_count > 0 THEN
      UPDATE ${schema}.totals SET pending = pending - done_count - dead_count - invalid_count,
        done = done + done_count, dead = dead + dead_count, invalid = invalid + invalid_count WHERE ${OWN_SHARD};
    END IF;
  END $$;
`

/** Of an event `e` that is looked for by its number: in words that are of no index, or the server may read all that is pending. */
const isPending = `(e.state < ${State.done})`

/** What was taken over is counted already. */
const attempts = (outcome: string): string => `CASE WHEN all_held OR ${outcome}.n = ANY (held) THEN e.attempts + 1 ELSE greatest(e.attempts, 1) END`

const findLost = (schema: string): string => `lost := ARRAY(
        SELECT o.seq FROM (
          SELECT d.seq, d.n, ${State.done} FROM unnest(_done_seqs, _done_by) AS d (seq, n)
          UNION ALL SELECT f.seq, f.n, f.state FROM unnest(_failed_seqs, _failed_by, _failed_states) AS f (seq, n, state)
        ) AS o (seq, n, state) JOIN ${schema}.events e ON e.seq = o.seq
        WHERE o.n <> ALL (held) AND (o.state <> ${State.done} OR NOT ${isPending}));`

/** The lanes of those that leave theirs, before they are in them. */
const makeAsides = (schema: string): string => `IF cardinality(array_remove(_asides, NULL)) > 0 THEN
        INSERT INTO ${schema}.lanes AS l (lane, due, holder, adds, suspect)
          SELECT _asides[f.n] COLLATE "C", now() + _delays[f.n] * interval '1 millisecond', CASE WHEN _running[f.n] THEN _holder END, 1,
            e.trial IS NOT DISTINCT FROM 2
          FROM unnest(_failed_seqs, _failed_by, _failed_states) AS f (seq, n, state) JOIN ${schema}.events e ON e.seq = f.seq
          WHERE f.state = ${State.pending} AND _asides[f.n] <> _lanes[f.n] AND ${isPending} AND f.n = ANY (held)
          ORDER BY 1
          ON CONFLICT (lane) DO UPDATE SET due = excluded.due, holder = excluded.holder, claim = NULL, adds = l.adds + 1, suspect = excluded.suspect;
      END IF;`

/** Those that did not succeed at once. One that was not to be delivered, as a process had ended in it, stays suspect. */
const settleFailed = (schema: string): string => `WITH changed AS (
        UPDATE ${schema}.events e SET
          state = f.state,
          attempts = ${attempts('f')},
          due = CASE WHEN f.state = ${State.pending} THEN now() + _delays[f.n] * interval '1 millisecond' END,
          finished = CASE WHEN f.state <> ${State.pending} THEN now() END,
          since = CASE WHEN f.state = ${State.pending} THEN coalesce(e.since, now()) ELSE e.since END,
          trial = CASE WHEN f.state = ${State.pending} AND e.trial = 2 THEN 0 END,
          lane = CASE WHEN f.state = ${State.pending} THEN coalesce(_asides[f.n], e.lane) ELSE e.lane END,
          home = CASE WHEN f.state = ${State.pending} AND _asides[f.n] IS NOT NULL THEN coalesce(e.home, e.lane) ELSE e.home END,
          completed = f.completed,
          error = f.error,
          deliveries = right(coalesce(e.deliveries, '') || f.delivery, ${MOST_KEPT})
        FROM unnest(_failed_seqs, _failed_by, _failed_states, _failed_completed, _failed_errors, _failed_deliveries)
          AS f (seq, n, state, completed, error, delivery)
        WHERE e.seq = f.seq AND ${isPending} AND (f.n = ANY (held) OR f.state = ${State.done})
        RETURNING e.state, f.n
      )
      SELECT count(*) FILTER (WHERE state = ${State.dead}), count(*) FILTER (WHERE state = ${State.done}), count(*) FILTER (WHERE state = ${State.invalid}),
        array_agg(n) FILTER (WHERE state = ${State.pending} AND (_asides[n] <> _lanes[n]) IS NOT TRUE)
        INTO dead_count, late_count, invalid_count, waiting FROM changed;`

/**
 * Nobody adds to these lanes while they are locked: what one statement leaves is what the next one sees. A suspect event that is pending
 * still was not delivered, or it would not be suspect any more. Of a suspect lane, it is not known what was behind that event.
 */
const giveBack = (schema: string): string => `IF any_suspect THEN
      UPDATE ${schema}.events e SET trial = 0 FROM unnest(_lanes) WITH ORDINALITY AS g (lane, n) CROSS JOIN LATERAL (${first(schema, 'g')}) AS f
        WHERE e.seq = f.seq AND f.trial = 1 AND g.n = ANY (held);
      DELETE FROM ${schema}.lanes l USING unnest(_lanes, _claims) AS g (lane, claim)
        WHERE l.lane = g.lane AND l.claim = g.claim AND l.holder = _holder AND l.suspect AND NOT EXISTS (${first(schema, 'l')});
    END IF;
    DELETE FROM ${schema}.lanes l USING unnest(_lanes, _claims, _adds) AS g (lane, claim, adds)
      WHERE l.lane = g.lane AND l.claim = g.claim AND l.holder = _holder AND l.adds = g.adds;
    UPDATE ${schema}.lanes l SET
      holder = CASE WHEN g.running AND g.n = ANY (waiting) THEN _holder END,
      claim = NULL,
      due = now() + CASE WHEN g.n = ANY (waiting) THEN g.delay ELSE 0 END * interval '1 millisecond',
      suspect = CASE WHEN l.suspect THEN coalesce((SELECT f.trial IS NOT NULL FROM (${first(schema, 'l')}) AS f), false) ELSE false END
      FROM unnest(_lanes, _claims, _delays, _running) WITH ORDINALITY AS g (lane, claim, delay, running, n)
      WHERE l.lane = g.lane AND l.claim = g.claim AND l.holder = _holder;`

const first = (schema: string, of: string): string => `SELECT p.seq, p.trial FROM ${schema}.events p
        WHERE p.lane = ${of}.lane AND p.state = ${State.pending} ORDER BY p.seq LIMIT 1`
