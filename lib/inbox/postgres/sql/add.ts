import { OWN_SHARD, PLANNED, sequenceOf, State } from './states.ts'

/**
 * Adds a batch of events in order; `_kinds` are their states. In what it returns, a kind is -1 for one whose id is known, and null for
 * one that would make the backlog too large.
 *
 * Which are new is judged once: only of those are the lanes locked. Lanes come before events, and in their order: whoever has a
 * lane's row is alone with it until it commits, so that events of one lane get their numbers in the order in which they are accepted,
 * and no two that lock several lanes wait for each other.
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

    kinds := ARRAY(
      SELECT CASE WHEN (SELECT e.seq FROM ${schema}.events e WHERE e.id = i.id) IS NULL THEN i.kind ELSE -1 END
      FROM unnest(_ids, _kinds) WITH ORDINALITY AS i (id, kind, n) ORDER BY i.n);
    IF room < cardinality(_ids) THEN
      kinds := ARRAY(
        SELECT CASE WHEN kind = ${State.pending} AND count(*) FILTER (WHERE kind = ${State.pending}) OVER (ORDER BY n) > room THEN NULL ELSE kind END
        FROM unnest(kinds) WITH ORDINALITY AS i (kind, n)
        ORDER BY n);
    END IF;

    INSERT INTO ${schema}.lanes AS l (lane, due, adds)
      SELECT DISTINCT i.lane COLLATE "C", now(), 1 FROM unnest(_lanes, kinds) AS i (lane, kind)
      WHERE i.kind = ${State.pending}
      ORDER BY 1
      ON CONFLICT (lane) DO UPDATE SET adds = l.adds + 1;

    seqs := ARRAY(SELECT nextval(${sequenceOf(schema)}) FROM generate_series(1, cardinality(_ids)));
    WITH inserted AS (
      INSERT INTO ${schema}.events (seq, id, lane, name, state, size, received, finished, error)
        SELECT i.seq, i.id, i.lane, i.name, i.kind, i.size, i.received, CASE WHEN i.kind = ${State.invalid} THEN now() END, i.error
        FROM unnest(seqs, _ids, _lanes, _names, kinds, _sizes, _received, _errors)
          AS i (seq, id, lane, name, kind, size, received, error)
        WHERE i.kind >= 0
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
