import { PLANNED } from './states.ts'

/** Makes leases longer, and returns those that are still their holder's, by holder and lane in one text. */
export const renew = (schema: string): string => `
  CREATE FUNCTION ${schema}.renew (_lanes text[], _holders uuid[], _lease double precision) RETURNS SETOF text ${PLANNED} AS $$
    BEGIN
      PERFORM FROM unnest(_lanes, _holders) AS g (lane, holder)
        JOIN ${schema}.lanes l ON l.lane = g.lane AND l.holder = g.holder
        ORDER BY l.lane FOR NO KEY UPDATE OF l;
      RETURN QUERY UPDATE ${schema}.lanes l SET due = now() + _lease * interval '1 millisecond'
        FROM unnest(_lanes, _holders) AS g (lane, holder)
        WHERE l.lane = g.lane AND l.holder = g.holder
        RETURNING l.holder || l.lane;
    END $$;
`
