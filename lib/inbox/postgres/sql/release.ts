import { firstOf, PLANNED } from './functions.ts'

/** Gives back the lanes of claims that their process has not learnt of: nothing of them was delivered. */
export const release = (schema: string): string => `
  CREATE FUNCTION ${schema}.release (_holder uuid, _claims bigint[]) RETURNS void ${PLANNED} AS $$
  DECLARE
    _epoch integer := ${schema}.enter();
    suspects text[];
    heads bigint[];
  BEGIN
    WITH released AS (
      UPDATE ${schema}.lanes SET holder = NULL, claim = NULL, due = now()
        WHERE epoch = _epoch AND holder = _holder AND claim = ANY (_claims) RETURNING lane, head, suspect
    )
    SELECT array_agg(lane) FILTER (WHERE suspect), array_agg(head) FILTER (WHERE suspect) INTO suspects, heads FROM released;
    UPDATE ${schema}.pending e SET trial = 0 WHERE e.trial = 1 AND e.seq + 0 = ANY (ARRAY(
      SELECT f.seq FROM unnest(suspects, heads) AS c (lane, head) CROSS JOIN LATERAL (${firstOf(schema, 'c')}) AS f));
  END $$;
`

/** Gives back what is reserved for a process: it delivers no more. */
export const unreserve = (schema: string): string => `
  CREATE FUNCTION ${schema}.unreserve (_holder uuid, _lanes text[]) RETURNS void ${PLANNED} AS $$
  DECLARE
    _epoch integer := ${schema}.enter();
  BEGIN
    UPDATE ${schema}.lanes SET holder = NULL, due = greatest(due, now()) WHERE epoch = _epoch AND lane = ANY (_lanes) AND holder = _holder AND claim IS NULL;
  END $$;
`
