import { lastNumber, OWN_SHARD, PLANNED, sequenceOf } from './functions.ts'
import { State } from './states.ts'

/**
 * Puts events back at the end of the lanes that they came in, in their old order, and returns how many. Lanes come first, as when events
 * are added. What was not to be replayed then, or is of another lane by now, is not replayed: its lane is not locked.
 *
 * Of a dead event it stays known which listeners have succeeded, unless `_all` are to be called. Those that refused are called again.
 */
export const replay = (schema: string): string => `
  CREATE FUNCTION ${schema}.replay (_ids bytea[], _all boolean) RETURNS integer ${PLANNED} AS $$
  DECLARE
    _epoch integer := ${schema}.enter();
    _wanted bytea[] := ARRAY(
      SELECT e.id FROM unnest(_ids) AS i (id) JOIN ${schema}.events e ON e.id = i.id JOIN ${schema}.finished f ON f.seq = e.seq ORDER BY e.seq);
    _lanes text[] := ARRAY(SELECT DISTINCT e.lane FROM unnest(_wanted) AS i (id) JOIN ${schema}.events e ON e.id = i.id ORDER BY 1);
    _id bytea;
    _old record;
    _next bigint;
    _counts integer[] := '{0,0,0}';
  BEGIN
    INSERT INTO ${schema}.lanes AS l (epoch, lane, head, due, adds)
      SELECT _epoch, i.lane, ${lastNumber(schema)}, now(), 1 FROM unnest(_lanes) AS i (lane)
      ON CONFLICT (epoch, lane) DO UPDATE SET adds = l.adds + 1;
    FOREACH _id IN ARRAY _wanted LOOP
      DELETE FROM ${schema}.finished f USING ${schema}.events e WHERE e.id = _id AND e.lane = ANY (_lanes) AND f.seq = e.seq
        RETURNING f.seq, f.state, f.completed, f.error, f.deliveries, e.born, e.size, e.lane, e.problems INTO _old;
      CONTINUE WHEN NOT FOUND;
      _next := nextval(${sequenceOf(schema)});
      IF _all OR _old.state <> ${State.dead} THEN
        DELETE FROM ${schema}.completions WHERE born = _old.born;
      END IF;
      -- An invalid one is delivered as it is; what it was invalid for is the error that it had.
      UPDATE ${schema}.events SET seq = _next, problems = CASE WHEN _old.state <> ${State.invalid} THEN problems END WHERE seq = _old.seq;
      INSERT INTO ${schema}.pending (seq, size, lane, completed, error, deliveries) VALUES (_next, _old.size, _old.lane,
        CASE WHEN _old.state = ${State.dead} AND NOT _all THEN ${withoutRefused('_old.completed')} END,
        CASE _old.state WHEN ${State.invalid} THEN replace(_old.problems, E'\\n', '; ') ELSE _old.error END, _old.deliveries);
      _counts[_old.state] := _counts[_old.state] + 1;
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
function withoutRefused (completed: string): string {
  const refused = '\'],"refused":[\''
  return `CASE WHEN strpos(${completed}, ${refused}) > 0 THEN left(${completed}, strpos(${completed}, ${refused})) || '}' ELSE ${completed} END`
}

/** The numbers of events, by which they are put in order. */
export const numbers = (schema: string): string => `
  CREATE FUNCTION ${schema}.numbers (_ids bytea[]) RETURNS TABLE (seq bigint, id text) ${PLANNED} AS $$
  #variable_conflict use_column
  BEGIN
    RETURN QUERY SELECT e.seq, encode(e.id, 'hex') FROM unnest(_ids) AS i (id) JOIN ${schema}.events e ON e.id = i.id;
  END $$;
`
