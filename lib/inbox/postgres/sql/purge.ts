import { LONGEST, OWN_SHARD, PLANNED } from './functions.ts'
import { State } from './states.ts'

/**
 * Removes at most so many events that have been done for longer than `_keep` milliseconds, and at most so many that have been dead or
 * invalid for longer than `_keep_failed`. Returns how many, and when the last of those that were done was: where to go on, for what
 * comes before it in the index is dead.
 */
export const purge = (schema: string): string => `
  CREATE FUNCTION ${schema}.purge (_keep double precision, _keep_failed double precision, _most integer, _from timestamptz,
    OUT count bigint, OUT last timestamptz) ${PLANNED} AS $$
  #variable_conflict use_column
  DECLARE
    _epoch integer := ${schema}.enter();
    _old bigint[];
    _dead bigint;
    _invalid bigint;
  BEGIN
    WITH old AS (${oldest(schema, `state = ${State.done} AND finished >= coalesce(_from, '-infinity')`, '_keep')})
      SELECT array_agg(seq), max(finished) INTO _old, last FROM old;
    _old := _old || ARRAY(SELECT seq FROM (${oldest(schema, `state > ${State.done}`, '_keep_failed')}) AS old);
    count := coalesce(cardinality(_old), 0);
    IF count = 0 THEN RETURN; END IF;
    WITH gone AS (DELETE FROM ${schema}.events WHERE seq = ANY (_old) RETURNING born)
      DELETE FROM ${schema}.completions c USING gone WHERE c.born = gone.born;
    WITH gone AS (DELETE FROM ${schema}.finished WHERE seq = ANY (_old) RETURNING state)
    SELECT count(*) FILTER (WHERE state = ${State.dead}), count(*) FILTER (WHERE state = ${State.invalid}) INTO _dead, _invalid FROM gone;
    UPDATE ${schema}.totals SET done = done - count + _dead + _invalid, dead = dead - _dead, invalid = invalid - _invalid WHERE ${OWN_SHARD};
  END $$;
`

/** In the words of an index that has what is in this state, by when it finished. */
const oldest = (schema: string, where: string, keep: string): string => `
      SELECT seq, finished FROM ${schema}.finished WHERE ${where} AND finished < now() - least(${keep}, ${LONGEST}) * interval '1 millisecond'
      ORDER BY finished LIMIT _most FOR UPDATE SKIP LOCKED`
