import { OWN_SHARD, PLANNED, sequenceOf, State } from './states.ts'

/**
 * Puts events back at the end of their lanes, in this order, and returns how many. Lanes come first, as when events are added, and
 * what was not to be replayed then is not replayed: its lane is not locked.
 */
export const replay = (schema: string): string => `
  CREATE FUNCTION ${schema}.replay (_ids text[]) RETURNS integer ${PLANNED} AS $$
  DECLARE
    _wanted text[] := ARRAY(
      SELECT e.id FROM unnest(_ids) WITH ORDINALITY AS i (id, n) JOIN ${schema}.events e ON e.id = i.id
      WHERE e.state <> ${State.pending} ORDER BY i.n);
    _id text;
    _event record;
    _next bigint;
    _counts integer[] := '{0,0,0}';
  BEGIN
    INSERT INTO ${schema}.lanes AS l (lane, due, adds)
      SELECT DISTINCT e.lane, now(), 1 FROM unnest(_wanted) AS i (id) JOIN ${schema}.events e ON e.id = i.id
      ORDER BY 1
      ON CONFLICT (lane) DO UPDATE SET adds = l.adds + 1;
    FOREACH _id IN ARRAY _wanted LOOP
      SELECT seq, state INTO _event FROM ${schema}.events WHERE id = _id AND state <> ${State.pending} FOR UPDATE;
      CONTINUE WHEN NOT FOUND;
      _next := nextval(${sequenceOf(schema)});
      -- An invalid one is delivered as it is; what it was invalid for is the error that it had.
      UPDATE ${schema}.events SET seq = _next, state = ${State.pending}, attempts = 0, due = NULL, finished = NULL, completed = NULL,
        error = CASE state WHEN ${State.invalid} THEN replace(problems, E'\\n', '; ') ELSE error END,
        problems = CASE state WHEN ${State.invalid} THEN NULL ELSE problems END
        WHERE seq = _event.seq;
      UPDATE ${schema}.bodies SET seq = _next WHERE seq = _event.seq;
      _counts[_event.state] := _counts[_event.state] + 1;
    END LOOP;
    UPDATE ${schema}.totals SET
      pending = pending + _counts[${State.done}] + _counts[${State.dead}] + _counts[${State.invalid}],
      done = done - _counts[${State.done}],
      dead = dead - _counts[${State.dead}],
      invalid = invalid - _counts[${State.invalid}]
      WHERE ${OWN_SHARD};
    RETURN _counts[${State.done}] + _counts[${State.dead}] + _counts[${State.invalid}];
  END $$;
`
