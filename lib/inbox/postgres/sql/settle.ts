import { MOST_KEPT } from '../../sql/delivery-records.ts'
import { MOST_COLLECTED } from '../../sql/next-lane.ts'
import { goOnWithout } from './discard.ts'
import { dueWithOthers, firstOf, OWN_SHARD, SAFE } from './functions.ts'
import { State } from './states.ts'

/** What is settled, as `settle` and `turn` take it. */
export const SETTLED = `_lanes text[], _claims bigint[], _adds bigint[], _bursts bigint[], _delays double precision[], _done_seqs bigint[], _done_by integer[],
    _failed_seqs bigint[], _failed_by integer[], _failed_states smallint[], _failed_lanes text[], _failed_delays double precision[], _failed_collects boolean[],
    _failed_stays boolean[], _failed_running boolean[], _failed_completed text[], _failed_errors text[], _failed_deliveries text[]`

/** The number of a lane `l` in the arrays. */
const NUMBER = 'array_position(_lanes, l.lane)'
/** The number of an event `p` among those that failed, if it is one of them, and that of its claim. It is looked for by halves: there can be thousands. */
const FAILED = 'width_bucket(p.seq, _failed_seqs)'
const BY = `_failed_by[${FAILED}]`
const DELIVERIES = `right(coalesce(p.deliveries, '') || _failed_deliveries[${FAILED}], ${MOST_KEPT})`

/**
 * Records what became of claims and gives their lanes back. The first arrays have an entry for each claim: its lane's `adds` if all
 * that was pending with that is through, or else null; and in `_bursts` if its events wait for collectors. Then the lane is due after that delay,
 * in milliseconds. If not, with the event of it that stays in the lane to be tried again, if there is one.
 *
 * The others have one for each event that was done at once, and for each that was not, in the order of their numbers and each once. `_done_by` and
 * `_failed_by` are the places of their claims. One that is pending still has a delay of its own; the lane that it is in from now on, unless
 * that is as it was; whether it waits for collectors now, as if it had never failed; whether it did so already, and stays as it is if it has
 * failed; and whether it still runs here.
 *
 * What is done is done, also if the lease had run out, and what is behind that goes on. Nothing else is recorded then: returned are the events of
 * which it is not.
 */
export const settle = (schema: string): string => `
  CREATE FUNCTION ${schema}.settle (_epoch integer, _holder uuid, ${SETTLED}, OUT lost bigint[]) ${SAFE} AS $$
  DECLARE
    held integer[];
    all_held boolean;
    any_suspect boolean;
    waiting integer[];
    reserved integer[];
    others text[];
    done_count bigint;
    dead_count bigint := 0;
    late_count bigint := 0;
    invalid_count bigint := 0;
  BEGIN
    -- In lane order, as when events are added. Those that were lost, too: nobody else settles the same events meanwhile. And those that
    -- events move to: whoever settles these as well waits here.
    SELECT coalesce(array_agg(h.n) FILTER (WHERE h.is_own), '{}'), bool_or(h.is_own AND h.suspect),
        array_agg(h.lane) FILTER (WHERE h.is_own IS NOT TRUE AND h.n IS NOT NULL) INTO held, any_suspect, others FROM (
      SELECT l.lane, ${NUMBER} AS n, l.suspect, l.holder = _holder AND l.claim = _claims[${NUMBER}] AS is_own
      FROM ${schema}.lanes l WHERE l.epoch = _epoch AND l.lane = ANY (_lanes || _failed_lanes)
      ORDER BY l.lane || '' FOR NO KEY UPDATE OF l) AS h;
    all_held := cardinality(held) = cardinality(_lanes);
    IF NOT all_held THEN
      ${findLost(schema)}
    END IF;

    IF cardinality(_failed_seqs) > 0 THEN
      ${enterOthers(schema)}
      ${tryAgain(schema)}
      ${finishFailed(schema)}
    END IF;
    ${finishDone(schema)}
    done_count := done_count + late_count;
    IF others IS NOT NULL THEN
      ${goOnWithout(schema, 'others')}
    END IF;

    ${giveBack(schema)}
    IF done_count + dead_count + invalid_count > 0 THEN
      UPDATE ${schema}.totals SET pending = pending - done_count - dead_count - invalid_count,
        done = done + done_count, dead = dead + dead_count, invalid = invalid + invalid_count WHERE ${OWN_SHARD};
    END IF;
  END $$;
`

/** Of a pending event `p`, of the claim `n`. What was taken over is counted already. */
const attempts = (n: string): string => `CASE WHEN all_held OR ${n} = ANY (held) THEN p.attempts + 1 ELSE greatest(p.attempts, 1) END`

const findLost = (schema: string): string => `lost := ARRAY(
        SELECT o.seq FROM (
          SELECT d.seq, d.n, ${State.done} FROM unnest(_done_seqs, _done_by) AS d (seq, n)
          UNION ALL SELECT f.seq, f.n, f.state FROM unnest(_failed_seqs, _failed_by, _failed_states) AS f (seq, n, state)
        ) AS o (seq, n, state)
        WHERE o.n <> ALL (held) AND (o.state <> ${State.done} OR NOT EXISTS (SELECT FROM ${schema}.pending p WHERE p.seq + 0 = o.seq))
          AND EXISTS (SELECT FROM ${schema}.events e WHERE e.seq = o.seq));`

/**
 * The lanes of those that leave theirs, before they are in them. There may be one already, in which others wait for collectors. And it may be
 * leased: also one of its own, in which an event that was taken over there, settled late by the process that was too slow, and replayed is
 * still being delivered.
 */
const enterOthers = (schema: string): string => `IF cardinality(array_remove(_failed_lanes, NULL)) > 0 THEN
        INSERT INTO ${schema}.lanes AS l (epoch, lane, head, due, holder, adds, suspect)
          SELECT _epoch, f.lane COLLATE "C", min(p.seq), now() + min(f.delay) * interval '1 millisecond', CASE WHEN bool_or(f.runs) THEN _holder END, count(*),
            coalesce(bool_or(p.trial = 2 AND NOT f.collects), false)
          FROM unnest(_failed_seqs, _failed_by, _failed_states, _failed_lanes, _failed_delays, _failed_collects, _failed_running)
            AS f (seq, n, state, lane, delay, collects, runs)
          CROSS JOIN LATERAL (SELECT p.* FROM ${schema}.pending p WHERE p.seq + 0 = f.seq LIMIT 1) AS p
          WHERE f.state = ${State.pending} AND f.lane <> _lanes[f.n] AND f.n = ANY (held)
          GROUP BY 2 ORDER BY 2
          ON CONFLICT (epoch, lane) DO UPDATE SET head = least(l.head, excluded.head), adds = l.adds + excluded.adds, (due, holder, suspect) = (
            SELECT ${dueWithOthers('excluded.due')},
              CASE WHEN l.claim IS NOT NULL THEN l.holder WHEN p.seq IS NULL THEN excluded.holder ELSE coalesce(l.holder, excluded.holder) END,
              CASE WHEN l.claim IS NULL AND p.seq IS NULL THEN excluded.suspect ELSE l.suspect END
            FROM (SELECT) AS one LEFT JOIN LATERAL (${firstOf(schema, 'l')}) AS p ON true);
      END IF;`

/** Whether a pending event `p` waits for collectors already, one of which has failed and was not called again: the others change nothing of that. */
const STAYS = `(_failed_collects[${FAILED}] AND _failed_stays[${FAILED}] AND p.lane = _failed_lanes[${FAILED}] AND p.since IS NOT NULL)`

/**
 * Those that did not succeed, and have not failed for good. One that was not to be delivered, as a process had ended in it, stays suspect. So does one
 * that waits for collectors: the burst that ended the process may be behind it. Else what waits for them is as if it had never been tried.
 */
const tryAgain = (schema: string): string => `WITH changed AS (
        UPDATE ${schema}.pending p SET
          attempts = CASE WHEN ${STAYS} THEN p.attempts WHEN _failed_collects[${FAILED}] THEN 0 ELSE ${attempts(BY)} END,
          due = CASE WHEN ${STAYS} THEN p.due ELSE now() + _failed_delays[${FAILED}] * interval '1 millisecond' END,
          since = CASE WHEN ${STAYS} THEN p.since WHEN NOT _failed_collects[${FAILED}] THEN coalesce(p.since, now()) END,
          trial = CASE WHEN p.trial = 2 AND (NOT _failed_collects[${FAILED}] OR p.lane = _failed_lanes[${FAILED}]) THEN 0 END,
          aside = CASE WHEN ${STAYS} THEN p.aside ELSE NOT _failed_collects[${FAILED}] AND (p.aside OR _failed_lanes[${FAILED}] IS NOT NULL) END,
          lane = coalesce(_failed_lanes[${FAILED}], p.lane),
          completed = _failed_completed[${FAILED}],
          error = CASE WHEN ${STAYS} THEN coalesce(_failed_errors[${FAILED}], p.error) ELSE _failed_errors[${FAILED}] END,
          deliveries = ${DELIVERIES}
        WHERE p.seq + 0 = ANY (_failed_seqs) AND _failed_states[${FAILED}] = ${State.pending} AND ${BY} = ANY (held)
        RETURNING ${BY} AS n, (_failed_lanes[${FAILED}] <> _lanes[${BY}]) IS NOT TRUE AS stays, _failed_running[${FAILED}] AS runs
      )
      SELECT array_agg(n), array_agg(n) FILTER (WHERE runs) INTO waiting, reserved FROM changed WHERE stays;`

/** The others that were not done at once. */
const finishFailed = (schema: string): string => `WITH gone AS (
        DELETE FROM ${schema}.pending p
        WHERE p.seq + 0 = ANY (_failed_seqs) AND _failed_states[${FAILED}] <> ${State.pending}
          AND (${BY} = ANY (held) OR _failed_states[${FAILED}] = ${State.done})
        RETURNING p.seq, ${attempts(BY)} AS attempts, _failed_states[${FAILED}] AS state, _failed_completed[${FAILED}] AS completed,
          _failed_errors[${FAILED}] AS error, ${DELIVERIES} AS deliveries
      ), kept AS (
        INSERT INTO ${schema}.finished (seq, finished, attempts, state, completed, error, deliveries)
        SELECT seq, now(), attempts, state, completed, error, deliveries FROM gone
      )
      SELECT count(*) FILTER (WHERE state = ${State.dead}), count(*) FILTER (WHERE state = ${State.done}), count(*) FILTER (WHERE state = ${State.invalid})
        INTO dead_count, late_count, invalid_count FROM gone;`

const finishDone = (schema: string): string => `WITH gone AS (
      DELETE FROM ${schema}.pending p WHERE p.seq + 0 = ANY (_done_seqs)
      RETURNING p.seq, ${attempts('_done_by[array_position(_done_seqs, p.seq)]')} AS attempts, p.completed, p.deliveries
    )
    INSERT INTO ${schema}.finished (seq, finished, attempts, state, completed, deliveries)
      SELECT seq, now(), attempts, ${State.done}, completed, deliveries FROM gone;
    GET DIAGNOSTICS done_count = ROW_COUNT;`

/**
 * Nobody adds to these lanes while they are locked: what one statement leaves is what the next one sees. A suspect event that is pending
 * still was not delivered, or it would not be suspect any more. Of a suspect lane, it is not known what was behind that event.
 * It is asked for in a CASE: the server would read all that are suspect by their index, which it may take for empty.
 */
const giveBack = (schema: string): string => `IF any_suspect THEN
      UPDATE ${schema}.pending p SET trial = 0 WHERE p.trial = 1 AND p.seq + 0 = ANY (ARRAY(
        SELECT (SELECT f.seq FROM (${firstOf(schema, 'l')}) AS f) FROM ${schema}.lanes l
        WHERE l.epoch = _epoch AND l.lane = ANY (_lanes) AND ${NUMBER} = ANY (held)));
      DELETE FROM ${schema}.lanes l WHERE ${IS_OWN} AND CASE WHEN l.suspect THEN NOT EXISTS (${firstOf(schema, 'l')}) END;
    END IF;
    DELETE FROM ${schema}.lanes l WHERE ${IS_OWN} AND l.adds = _adds[${NUMBER}];
    UPDATE ${schema}.lanes l SET
      head = coalesce((SELECT f.seq FROM (${firstOf(schema, 'l')}) AS f), l.head),
      holder = CASE WHEN ${NUMBER} = ANY (reserved) THEN _holder END,
      claim = NULL,
      due = CASE WHEN _bursts[${NUMBER}] IS NOT NULL THEN ${burstDue(schema)} WHEN ${NUMBER} = ANY (waiting) THEN ${AFTER_DELAY} ELSE now() END,
      suspect = CASE WHEN l.suspect THEN coalesce((SELECT f.trial IS NOT NULL FROM (${firstOf(schema, 'l')}) AS f), false) ELSE false END
      WHERE ${IS_OWN};`

/**
 * Of a lane `l` of events that wait for collectors: after its delay. What has come to it since it was claimed may be due sooner, but not before
 * an event that has failed.
 */
const burstDue = (schema: string): string => `(
        SELECT CASE WHEN count(*) = 0 THEN now()
          WHEN l.adds = _bursts[${NUMBER}] OR (array_agg(p.attempts ORDER BY p.seq))[1] > 0 THEN ${AFTER_DELAY}
          ELSE greatest(now(), least(${AFTER_DELAY}, min(p.due) FILTER (WHERE (_failed_seqs[${FAILED}] = p.seq AND ${BY} = ${NUMBER}) IS NOT TRUE))) END
        FROM (${firstOf(schema, 'l', MOST_COLLECTED)}) AS p)`
const AFTER_DELAY = `now() + _delays[${NUMBER}] * interval '1 millisecond'`

/** Whether a lane `l` is among `_lanes`, and still held by its claim. */
const IS_OWN = `l.epoch = _epoch AND l.lane = ANY (_lanes) AND l.holder = _holder AND l.claim = _claims[${NUMBER}]`
