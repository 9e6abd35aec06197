import { IS_OWN } from './settle.ts'
import { PLANNED } from './states.ts'

/** Makes leases longer, and returns those that are still the holder's. */
export const renew = (schema: string): string => `
  CREATE FUNCTION ${schema}.renew (_holder uuid, _lanes text[], _claims bigint[], _lease double precision)
  RETURNS TABLE (lane text, claim bigint) ${PLANNED} AS $$
  #variable_conflict use_column
  DECLARE
    _epoch integer := ${schema}.enter();
  BEGIN
    PERFORM FROM ${schema}.lanes l WHERE ${IS_OWN} ORDER BY l.lane || '' FOR NO KEY UPDATE;
    RETURN QUERY UPDATE ${schema}.lanes l SET due = now() + _lease * interval '1 millisecond' WHERE ${IS_OWN}
      RETURNING l.lane::text, l.claim;
  END $$;
`
