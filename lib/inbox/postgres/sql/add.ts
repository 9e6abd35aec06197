import { COLLECT } from '../../sql/next-lane.ts'
import { dueWithOthers, firstOf, lastNumber, mayCollect, OWN_SHARD, PLANNED, sequenceOf } from './functions.ts'
import { State } from './states.ts'

/** Added to the kind of an event that takes the place of a stored one. */
const INSTEAD = 10

const ADDED = `_ids bytea[], _names text[], _lanes text[], _kinds smallint[], _received bigint[], _problems text[],
    _starts integer[], _sizes integer[], _bodies bytea, _most bigint, _delays double precision[] DEFAULT NULL,
    OUT seqs bigint[], OUT kinds smallint[], OUT added bigint[]`

/**
 * Adds a batch of events in order; `_kinds` are their states. In what it returns, a kind is -1 for one whose id is known, and null for
 * one that would make the backlog too large. What is dead, or invalid while the new one has no problems, gives way to it.
 *
 * `_delays` is null, or has for each event in how many milliseconds it is due in the lane where its conversation waits for collectors; null if it is
 * to be delivered first. So is what comes after such a one, or while its own lane is there.
 *
 * Which are new is decided once: only of those are the lanes locked. Lanes come before events, and in their order: whoever has a
 * lane's row is alone with it until it commits, so that events of one lane get their numbers in the order in which they are accepted,
 * and no two that lock several lanes wait for each other.
 */
export const add = (schema: string): string => `
  CREATE FUNCTION ${schema}.add_events (${ADDED}) ${PLANNED} AS $$
  DECLARE
    _epoch integer := ${schema}.enter();
    room bigint;
    invalid_room bigint;
    instead bytea[];
    pending_count bigint;
    invalid_count bigint;
    newest bigint;
    dead_gone bigint := 0;
    invalid_gone bigint := 0;
    -- Of those that wait for collectors at once.
    delays double precision[];
  BEGIN
    -- What is answered 200 has to be on disk, whatever is set for others.
    IF current_setting('synchronous_commit') = 'off' THEN
      PERFORM set_config('synchronous_commit', 'on', true);
    END IF;

    ${whatTheyAre(schema)}
    ${refuseTooMany(schema)}
    IF _delays IS NULL THEN
      ${lockLanes(schema)}
    ELSE
      ${whatWaits(schema)}
      ${lockBoth(schema)}
    END IF;
    IF instead IS NOT NULL THEN
      ${forgetThose(schema)}
    END IF;

    seqs := ARRAY(SELECT nextval(${sequenceOf(schema)}) FROM generate_series(1, cardinality(_ids)));
    ${insertThose(schema)}
    IF cardinality(added) < cardinality(_ids) THEN
      ${onceMore(schema)}
    END IF;
    IF cardinality(added) = 0 THEN RETURN; END IF;

    ${insertStates(schema)}
    UPDATE ${schema}.totals SET pending = pending + pending_count, invalid = invalid + invalid_count - invalid_gone,
      dead = dead - dead_gone, received = greatest(received, newest) WHERE ${OWN_SHARD};
  END $$;
`

/** Known, new, or new instead of one that is stored. */
const whatTheyAre = (schema: string): string => `kinds := ARRAY(
      SELECT coalesce((
        SELECT CASE WHEN EXISTS (SELECT FROM ${schema}.finished f WHERE f.seq = e.seq AND ${givesWay}) THEN i.kind + ${INSTEAD} ELSE -1 END
        FROM ${schema}.events e WHERE e.id = i.id), i.kind)
      FROM unnest(_ids, _kinds, _problems) WITH ORDINALITY AS i (id, kind, problems, n) ORDER BY i.n);
    IF ${INSTEAD} <= ANY (kinds) THEN
      instead := ARRAY(SELECT i.id FROM unnest(_ids, kinds) AS i (id, kind) WHERE i.kind >= ${INSTEAD});
      kinds := ARRAY(SELECT CASE WHEN kind >= ${INSTEAD} THEN kind - ${INSTEAD} ELSE kind END FROM unnest(kinds) WITH ORDINALITY AS i (kind, n) ORDER BY n);
    END IF;`

const refuseTooMany = (schema: string): string => `SELECT _most - sum(pending), _most - sum(invalid) INTO room, invalid_room
      FROM ${schema}.totals WHERE epoch = _epoch;
    IF least(room, invalid_room) < cardinality(_ids) THEN
      kinds := ARRAY(
        SELECT CASE WHEN kind >= 0 AND (count(*) OVER (PARTITION BY kind ORDER BY n) > CASE kind WHEN ${State.invalid} THEN invalid_room ELSE room END
            OR (problems IS NOT NULL AND invalid_room <= 0))
          THEN NULL ELSE kind END
        FROM unnest(kinds, _problems) WITH ORDINALITY AS i (kind, problems, n)
        ORDER BY n);
    END IF;`

/** Nothing is pending in a lane that has no row: its numbers come after those that were given out by now. */
const lockLanes = (schema: string): string => `INSERT INTO ${schema}.lanes AS l (epoch, lane, head, due, adds)
      SELECT _epoch, n.lane, ${lastNumber(schema)}, clock_timestamp(), 1
      FROM (SELECT DISTINCT i.lane COLLATE "C" AS lane FROM unnest(_lanes, kinds) AS i (lane, kind) WHERE i.kind = ${State.pending}) AS n
      ORDER BY n.lane
      ON CONFLICT (epoch, lane) DO UPDATE SET adds = l.adds + 1;`

/**
 * Whether something is in its lane is seen before that is locked: whatever comes to it meanwhile was not accepted before this. With EXISTS, the
 * server might read all lanes, to have them hashed.
 */
const whatWaits = (schema: string): string => `delays := ARRAY(
        SELECT CASE WHEN NOT i.is_behind AND (SELECT l.lane FROM ${schema}.lanes l WHERE l.epoch = _epoch AND l.lane = i.lane) IS NULL THEN i.delay END
        FROM (
          SELECT i.lane, i.delay, i.n, coalesce(bool_or(i.kind = ${State.pending} AND i.delay IS NULL) OVER (PARTITION BY i.lane COLLATE "C" ORDER BY i.n), false) AS is_behind
          FROM unnest(_lanes, kinds, _delays) WITH ORDINALITY AS i (lane, kind, delay, n)
        ) AS i ORDER BY i.n);`

/**
 * The same for lanes, and for those where events wait for collectors. What is first there is seen as it was when this statement began, also if it
 * has waited for the lane's lock since: then it is due when others have said, or sooner, and at the latest when those that were first are.
 */
const lockBoth = (schema: string): string => `INSERT INTO ${schema}.lanes AS l (epoch, lane, head, due, adds)
        SELECT _epoch, n.lane, ${lastNumber(schema)}, clock_timestamp() + n.delay * interval '1 millisecond', 1
        FROM (
          SELECT ${PLACE} COLLATE "C" AS lane, min(coalesce(i.delay, 0)) AS delay
          FROM unnest(_lanes, kinds, delays) AS i (lane, kind, delay) WHERE i.kind = ${State.pending} GROUP BY 1
        ) AS n
        ORDER BY n.lane
        ON CONFLICT (epoch, lane) DO UPDATE SET adds = l.adds + 1, due = CASE WHEN ${mayCollect('l.lane')} THEN (
          SELECT ${dueWithOthers('least(l.due, excluded.due)')} FROM (SELECT) AS one LEFT JOIN LATERAL (${firstOf(schema, 'l')}) AS p ON true) ELSE l.due END;`

/** The lane that an event `i` is in. */
const PLACE = `CASE WHEN i.delay IS NULL THEN i.lane ELSE '${COLLECT}' || i.lane END`

/** Of what is known of a finished event `f`, and a new one `i` with the same id. */
const givesWay = `(f.state = ${State.dead} OR (f.state = ${State.invalid} AND i.problems IS NULL))`

/** If somebody else was quicker, it is not there any more, or not so: then the new one is a repeat. */
const forgetThose = (schema: string): string => `WITH gone AS (
        DELETE FROM ${schema}.finished f USING unnest(_ids, kinds, _problems) AS i (id, kind, problems) JOIN ${schema}.events e ON e.id = i.id
          WHERE f.seq = e.seq AND i.kind >= 0 AND i.id = ANY (instead) AND ${givesWay}
          RETURNING f.seq, f.state
      ), gone_events AS (
        DELETE FROM ${schema}.events e USING gone WHERE e.seq = gone.seq RETURNING e.born
      ), gone_completions AS (
        DELETE FROM ${schema}.completions c USING gone_events e WHERE c.born = e.born
      )
      SELECT count(*) FILTER (WHERE state = ${State.dead}), count(*) FILTER (WHERE state = ${State.invalid}) INTO dead_gone, invalid_gone FROM gone;`

const insertThose = (schema: string): string => `WITH inserted AS (
      INSERT INTO ${schema}.events (seq, born, received, size, id, lane, name, problems, body)
        SELECT i.seq, i.seq, i.received, i.size, i.id, i.lane, i.name, i.problems, convert_from(substring(_bodies FROM i.start + 1 FOR i.size), 'UTF8')
        FROM unnest(seqs, _ids, _lanes, _names, kinds, _sizes, _received, _problems, _starts)
          AS i (seq, id, lane, name, kind, size, received, problems, start)
        WHERE i.kind >= 0
        ON CONFLICT (id) DO NOTHING
        RETURNING seq, received, problems
    )
    SELECT coalesce(array_agg(seq), '{}'), max(received) FILTER (WHERE problems IS NULL) INTO added, newest FROM inserted;`

/** Somebody else was quicker with one that would have given way: now it is to be seen. */
const onceMore = (schema: string): string => `IF EXISTS (
        SELECT FROM unnest(_ids, kinds, _problems) AS i (id, kind, problems)
        JOIN ${schema}.events e ON e.id = i.id JOIN ${schema}.finished f ON f.seq = e.seq
        WHERE i.kind >= 0 AND e.seq <> ALL (added) AND ${givesWay}) THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure';
      END IF;`

const insertStates = (schema: string): string => `INSERT INTO ${schema}.pending (seq, due, size, lane)
      SELECT i.seq, clock_timestamp() + i.delay * interval '1 millisecond', i.size, ${PLACE}
      FROM unnest(seqs, kinds, _sizes, _lanes, delays) AS i (seq, kind, size, lane, delay) WHERE i.kind = ${State.pending} AND ${wasAdded};
    GET DIAGNOSTICS pending_count = ROW_COUNT;
    INSERT INTO ${schema}.finished (seq, finished, attempts, state)
      SELECT i.seq, now(), 0, i.kind FROM unnest(seqs, kinds) AS i (seq, kind) WHERE i.kind > ${State.pending} AND ${wasAdded};
    GET DIAGNOSTICS invalid_count = ROW_COUNT;`

const wasAdded = '(cardinality(added) = cardinality(seqs) OR i.seq = ANY (added))'
