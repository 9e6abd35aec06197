import { PLANNED } from './functions.ts'

/**
 * Makes leases longer, and returns those that are still the holder's. Of a lane there can be two claims, if an operator has removed its
 * row and it was claimed again: then it has the number of one of them.
 */
export const renew = (schema: string): string => `
  CREATE FUNCTION ${schema}.renew (_holder uuid, _lanes text[], _claims bigint[], _lease double precision)
  RETURNS TABLE (lane text, claim bigint) ${PLANNED} AS $$
  #variable_conflict use_column
  DECLARE
    _epoch integer := ${schema}.enter();
  BEGIN
    PERFORM FROM ${schema}.lanes l WHERE ${HELD} ORDER BY l.lane || '' FOR NO KEY UPDATE;
    RETURN QUERY UPDATE ${schema}.lanes l SET due = now() + _lease * interval '1 millisecond' WHERE ${HELD}
      RETURNING l.lane::text, l.claim;
  END $$;
`

const HELD = 'l.epoch = _epoch AND l.lane = ANY (_lanes) AND l.claim = ANY (_claims) AND l.holder = _holder'
