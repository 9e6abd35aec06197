import { OWN_SHARD, PLANNED, State } from './states.ts'

/** Removes at most so many events that have been done for longer than `_keep` milliseconds, and returns how many. */
export const purge = (schema: string): string => `
  CREATE FUNCTION ${schema}.purge (_keep double precision, _most integer) RETURNS integer ${PLANNED} AS $$
  DECLARE
    old bigint[];
  BEGIN
    old := ARRAY(SELECT seq FROM ${schema}.events WHERE state = ${State.done} AND finished < now() - _keep * interval '1 millisecond'
      ORDER BY finished LIMIT _most FOR UPDATE SKIP LOCKED);
    DELETE FROM ${schema}.bodies WHERE seq = ANY (old);
    DELETE FROM ${schema}.events WHERE seq = ANY (old);
    IF cardinality(old) > 0 THEN
      UPDATE ${schema}.totals SET done = done - cardinality(old) WHERE ${OWN_SHARD};
    END IF;
    RETURN cardinality(old);
  END $$;
`
