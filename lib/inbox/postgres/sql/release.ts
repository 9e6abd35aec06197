import { PLANNED, State } from './states.ts'

/** Gives back the lanes of claims that their process has not learnt of: nothing of them was delivered. */
export const release = (schema: string): string => `
  CREATE FUNCTION ${schema}.release (_holder uuid, _claims bigint[]) RETURNS void ${PLANNED} AS $$
  DECLARE
    suspects text[];
  BEGIN
    WITH released AS (
      UPDATE ${schema}.lanes SET holder = NULL, claim = NULL, due = now() WHERE holder = _holder AND claim = ANY (_claims) RETURNING lane, suspect
    )
    SELECT array_agg(lane) FILTER (WHERE suspect) INTO suspects FROM released;
    UPDATE ${schema}.events e SET trial = 0 FROM unnest(suspects) AS c (lane) CROSS JOIN LATERAL (
        SELECT p.seq, p.trial FROM ${schema}.events p WHERE p.lane = c.lane AND p.state = ${State.pending} ORDER BY p.seq LIMIT 1) AS f
      WHERE e.seq = f.seq AND f.trial = 1;
  END $$;
`
