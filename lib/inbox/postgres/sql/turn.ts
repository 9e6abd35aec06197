import { CLAIMED } from './claim.ts'
import { SETTLED } from './settle.ts'
import { PLANNED } from './states.ts'

/**
 * Settles what is to be settled, and then claims what may be claimed, in one round trip. Besides the claimed events it returns a row
 * with a `seq` and no lane for each event of which nothing was recorded, as its lease had run out; and if there are no more lanes to
 * claim, one with neither, whose `received` is in how many milliseconds the next one is due.
 */
export const turn = (schema: string): string => `
  CREATE FUNCTION ${schema}.turn (_holder uuid, ${SETTLED},
    _own bigint[], _claim bigint, _may boolean, _most integer, _lease double precision)
  RETURNS ${CLAIMED} ${PLANNED} AS $$
  #variable_conflict use_column
  DECLARE
    until timestamptz;
  BEGIN
    IF cardinality(_lanes) > 0 THEN
      RETURN QUERY SELECT NULL, NULL::bigint, unnest(s.lost), ${NOTHING}
        FROM ${schema}.settle(_holder, _lanes, _claims, _adds, _delays, _asides, _running, _done_seqs, _done_by,
          _failed_seqs, _failed_by, _failed_states, _failed_completed, _failed_errors, _failed_deliveries) AS s;
    END IF;
    IF _most > 0 THEN
      RETURN QUERY SELECT c.* FROM ${schema}.claim(_holder, _own, _claim, _may, _most, _lease) AS c;
      IF NOT FOUND THEN
        until := least((SELECT min(due) FROM ${schema}.lanes WHERE NOT suspect AND due > now()), (SELECT min(due) FROM ${schema}.lanes WHERE suspect AND due > now()));
        IF until IS NOT NULL THEN
          RETURN QUERY SELECT NULL, NULL::bigint, NULL::bigint, ${nothingBut('ceil(extract(epoch FROM until - now()) * 1000)::bigint')};
        END IF;
      END IF;
    END IF;
  END $$;
`

/** The rest of a row that has no event, but for what stands for `received`. */
function nothingBut (received: string): string {
  return `NULL, NULL::integer, ${received}, NULL::integer, NULL, NULL, NULL::bigint, NULL::boolean, NULL::smallint, NULL`
}

const NOTHING = nothingBut('NULL::bigint')
