import { OWN_SHARD, PLANNED, sequenceOf, State } from './states.ts'

/**
 * Puts events back at the end of the lanes that they came in, in their old order, and returns how many. Lanes come first, as when events
 * are added. What was not to be replayed then, or is of another lane by now, is not replayed: its lane is not locked.
 *
 * Of a dead event it stays known which listeners have succeeded, unless `_all` are to be called. Those that refused are called again.
 */
export const replay = (schema: string): string => `
  CREATE FUNCTION ${schema}.replay (_ids text[], _all boolean) RETURNS integer ${PLANNED} AS $$
  DECLARE
    _wanted text[] := ARRAY(
      SELECT e.id FROM unnest(_ids) AS i (id) JOIN ${schema}.events e ON e.id = i.id
      WHERE e.state <> ${State.pending} ORDER BY e.seq);
    _lanes text[] := ARRAY(
      SELECT DISTINCT coalesce(e.home, e.lane) FROM unnest(_wanted) AS i (id) JOIN ${schema}.events e ON e.id = i.id ORDER BY 1);
    _id text;
    _event record;
    _next bigint;
    _counts integer[] := '{0,0,0}';
  BEGIN
    INSERT INTO ${schema}.lanes AS l (lane, due, adds) SELECT i.lane, now(), 1 FROM unnest(_lanes) AS i (lane)
      ON CONFLICT (lane) DO UPDATE SET adds = l.adds + 1;
    FOREACH _id IN ARRAY _wanted LOOP
      SELECT seq, state INTO _event FROM ${schema}.events
        WHERE id = _id AND state <> ${State.pending} AND coalesce(home, lane) = ANY (_lanes) FOR UPDATE;
      CONTINUE WHEN NOT FOUND;
      _next := nextval(${sequenceOf(schema)});
      -- An invalid one is delivered as it is; what it was invalid for is the error that it had.
      UPDATE ${schema}.events SET seq = _next, state = ${State.pending}, attempts = 0, due = NULL, finished = NULL, since = NULL, trial = NULL,
        lane = coalesce(home, lane), home = NULL,
        completed = CASE WHEN state = ${State.dead} AND NOT _all THEN ${withoutRefused} END,
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

/** As text: the server's own functions for JSON refuse some of the names that a listener can have. No name has these characters, for its quotes are escaped. */
const withoutRefused = 'CASE WHEN strpos(completed, \'],"refused":[\') > 0 THEN left(completed, strpos(completed, \'],"refused":[\')) || \'}\' ELSE completed END'

/** The numbers of events, by which they are put in order. */
export const numbers = (schema: string): string => `
  CREATE FUNCTION ${schema}.numbers (_ids text[]) RETURNS TABLE (seq bigint, id text) ${PLANNED} AS $$
  #variable_conflict use_column
  BEGIN
    RETURN QUERY SELECT e.seq, e.id::text FROM unnest(_ids) AS i (id) JOIN ${schema}.events e ON e.id = i.id;
  END $$;
`
