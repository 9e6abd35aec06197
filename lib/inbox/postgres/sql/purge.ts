import { LONGEST, OWN_SHARD, PLANNED, State } from './states.ts'

/**
 * Removes at most so many events that have been done for longer than `_keep` milliseconds, and at most so many that have been dead or
 * invalid for longer than `_keep_failed`. Returns how many.
 */
export const purge = (schema: string): string => `
  CREATE FUNCTION ${schema}.purge (_keep double precision, _keep_failed double precision, _most integer) RETURNS integer ${PLANNED} AS $$
  DECLARE
    _old bigint[] := ARRAY(${oldest(schema, `state = ${State.done}`, '_keep')}) || ARRAY(${oldest(schema, `state > ${State.done}`, '_keep_failed')});
    _dead bigint;
    _invalid bigint;
  BEGIN
    IF cardinality(_old) = 0 THEN RETURN 0; END IF;
    DELETE FROM ${schema}.bodies WHERE seq = ANY (_old);
    WITH gone AS (DELETE FROM ${schema}.events WHERE seq = ANY (_old) RETURNING state)
    SELECT count(*) FILTER (WHERE state = ${State.dead}), count(*) FILTER (WHERE state = ${State.invalid}) INTO _dead, _invalid FROM gone;
    UPDATE ${schema}.totals SET done = done - cardinality(_old) + _dead + _invalid, dead = dead - _dead, invalid = invalid - _invalid WHERE ${OWN_SHARD};
    RETURN cardinality(_old);
  END $$;
`

/** In the words of an index that has what is in this state, by when it finished. */
const oldest = (schema: string, where: string, keep: string): string => `
      SELECT seq FROM ${schema}.events WHERE ${where} AND finished < now() - least(${keep}, ${LONGEST}) * interval '1 millisecond'
      ORDER BY finished LIMIT _most FOR UPDATE SKIP LOCKED`
