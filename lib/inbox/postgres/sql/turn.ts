import { PLANNED } from './states.ts'

/**
 * Settles what is to be settled, and then claims what may be claimed, in one round trip. Besides the claimed events it returns a row
 * with no `seq` for each lane that was lost, and if there are no more lanes to claim one with no lane, whose `received` is in how many
 * milliseconds the next one is due.
 */
export const turn = (schema: string): string => `
  CREATE FUNCTION ${schema}.turn (_holder uuid, _lanes text[], _claims bigint[], _adds bigint[], _delays double precision[],
    _done_seqs bigint[], _done_by integer[],
    _failed_seqs bigint[], _failed_by integer[], _failed_states smallint[], _failed_delays double precision[], _failed_completed text[], _failed_errors text[], _failed_deliveries text[],
    _own bigint[], _claim bigint, _most integer, _lease double precision)
  RETURNS TABLE (lane text, adds bigint, seq bigint, id text, size integer, received bigint, attempts integer, completed text, problems text, body text) ${PLANNED} AS $$
  #variable_conflict use_column
  DECLARE
    until timestamptz;
  BEGIN
    IF cardinality(_lanes) > 0 THEN
      RETURN QUERY SELECT unnest(s.lost), NULL::bigint, NULL::bigint, NULL, NULL::integer, NULL::bigint, NULL::integer, NULL, NULL, NULL
        FROM ${schema}.settle(_holder, _lanes, _claims, _adds, _delays, _done_seqs, _done_by,
          _failed_seqs, _failed_by, _failed_states, _failed_delays, _failed_completed, _failed_errors, _failed_deliveries) AS s;
    END IF;
    IF _most > 0 THEN
      RETURN QUERY SELECT c.* FROM ${schema}.claim(_holder, _own, _claim, _most, _lease) AS c;
      IF NOT FOUND THEN
        SELECT min(due) INTO until FROM ${schema}.lanes WHERE due > now();
        IF until IS NOT NULL THEN
          RETURN QUERY SELECT NULL, NULL::bigint, NULL::bigint, NULL, NULL::integer,
            ceil(extract(epoch FROM until - now()) * 1000)::bigint, NULL::integer, NULL, NULL, NULL;
        END IF;
      END IF;
    END IF;
  END $$;
`
