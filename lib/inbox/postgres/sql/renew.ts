import { PLANNED } from './states.ts'

/** Makes leases longer, and returns those that are still the holder's. */
export const renew = (schema: string): string => `
  CREATE FUNCTION ${schema}.renew (_holder uuid, _lanes text[], _claims bigint[], _lease double precision)
  RETURNS TABLE (lane text, claim bigint) ${PLANNED} AS $$
  #variable_conflict use_column
  BEGIN
    PERFORM FROM unnest(_lanes, _claims) AS g (lane, claim)
      JOIN ${schema}.lanes l ON l.lane = g.lane AND l.claim = g.claim AND l.holder = _holder
      ORDER BY l.lane FOR NO KEY UPDATE OF l;
    RETURN QUERY UPDATE ${schema}.lanes l SET due = now() + _lease * interval '1 millisecond'
      FROM unnest(_lanes, _claims) AS g (lane, claim)
      WHERE l.lane = g.lane AND l.claim = g.claim AND l.holder = _holder
      RETURNING l.lane::text, l.claim;
  END $$;
`
