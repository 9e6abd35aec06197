import { OWN_SHARD, PLANNED, sequenceOf, State } from './states.ts'

/**
 * Adds a batch of events in order; `_kinds` are their states. Those that would make the backlog too large get null for a kind.
 *
 * Its steps are statements of their own, for each sees what was committed while the one before waited. Lanes come first, in order:
 * whoever has a lane's row is alone with it until it commits, so that events of one lane get their numbers in the order in which
 * they are accepted, and no two that lock several lanes wait for each other.
 */
export const add = (schema: string): string => `
  CREATE FUNCTION ${schema}.add_events (_ids text[], _names text[], _lanes text[], _kinds smallint[], _received bigint[], _errors text[],
    _starts integer[], _sizes integer[], _bodies bytea, _most bigint,
    OUT seqs bigint[], OUT kinds smallint[], OUT added bigint[]) ${PLANNED} AS $$
  DECLARE
    room bigint := _most - (SELECT sum(pending) FROM ${schema}.totals);
    pending_count bigint;
  BEGIN
    -- What is answered 200 has to be on disk, whatever is set for others.
    IF current_setting('synchronous_commit') = 'off' THEN
      PERFORM set_config('synchronous_commit', 'on', true);
    END IF;

    kinds := _kinds;
    IF room < cardinality(_ids) THEN
      kinds := ARRAY(
        SELECT CASE WHEN is_new AND count(*) FILTER (WHERE is_new) OVER (ORDER BY n) > room THEN NULL ELSE kind END
        FROM (
          SELECT n, kind, kind = ${State.pending} AND NOT EXISTS (SELECT FROM ${schema}.events e WHERE e.id = i.id) AS is_new
          FROM unnest(_ids, _kinds) WITH ORDINALITY AS i (id, kind, n)
        ) AS judged
        ORDER BY n);
    END IF;

    INSERT INTO ${schema}.lanes AS l (lane, due, adds)
      SELECT DISTINCT i.lane COLLATE "C", now(), 1 FROM unnest(_ids, _lanes, kinds) AS i (id, lane, kind)
      WHERE i.kind = ${State.pending} AND NOT EXISTS (SELECT FROM ${schema}.events e WHERE e.id = i.id)
      ORDER BY 1
      ON CONFLICT (lane) DO UPDATE SET adds = l.adds + 1;

    seqs := ARRAY(SELECT nextval(${sequenceOf(schema)}) FROM generate_series(1, cardinality(_ids)));
    WITH inserted AS (
      INSERT INTO ${schema}.events (seq, id, lane, name, state, size, received, finished, error)
        SELECT i.seq, i.id, i.lane, i.name, i.kind, i.size, i.received, CASE WHEN i.kind = ${State.invalid} THEN now() END, i.error
        FROM unnest(seqs, _ids, _lanes, _names, kinds, _sizes, _received, _errors)
          AS i (seq, id, lane, name, kind, size, received, error)
        WHERE i.kind IS NOT NULL
        ON CONFLICT (id) DO NOTHING
        RETURNING seq, state
    )
    SELECT coalesce(array_agg(seq), '{}'), count(*) FILTER (WHERE state = ${State.pending}) INTO added, pending_count FROM inserted;
    IF cardinality(added) = 0 THEN RETURN; END IF;

    INSERT INTO ${schema}.bodies (seq, body)
      SELECT i.seq, convert_from(substring(_bodies FROM i.start + 1 FOR i.size), 'UTF8')
      FROM unnest(seqs, _starts, _sizes) AS i (seq, start, size)
      WHERE cardinality(added) = cardinality(seqs) OR i.seq = ANY (added);
    UPDATE ${schema}.totals SET pending = pending + pending_count, invalid = invalid + cardinality(added) - pending_count WHERE ${OWN_SHARD};
  END $$;
`
