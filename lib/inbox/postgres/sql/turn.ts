import { CLAIMED } from './claim.ts'
import { SETTLED } from './settle.ts'
import { PLANNED } from './states.ts'

/**
 * Settles what is to be settled, and then claims what may be claimed, in one round trip. Besides the claimed events it returns a row
 * with a `seq` and no lane for each event of which nothing was recorded, as its lease had run out; and, if it was to claim, one with
 * neither, whose `body` is the time at which it looked, and whose `received` is in how many milliseconds the next lane is due, if none was.
 */
export const turn = (schema: string): string => `
  CREATE FUNCTION ${schema}.turn (_holder uuid, ${SETTLED},
    _own bigint[], _claim bigint, _may boolean, _most integer, _lease double precision, _since timestamptz)
  RETURNS ${CLAIMED} ${PLANNED} AS $$
  #variable_conflict use_column
  DECLARE
    _epoch integer := ${schema}.enter();
    until timestamptz;
  BEGIN
    IF cardinality(_lanes) > 0 THEN
      RETURN QUERY SELECT NULL, NULL::bigint, unnest(s.lost), ${NOTHING}
        FROM ${schema}.settle(_epoch, _holder, _lanes, _claims, _adds, _delays, _asides, _running, _done_seqs, _done_by,
          _failed_seqs, _failed_by, _failed_states, _failed_completed, _failed_errors, _failed_deliveries) AS s;
    END IF;
    IF _most > 0 THEN
      RETURN QUERY SELECT c.* FROM ${schema}.claim(_epoch, _holder, _own, _claim, _may, _most, _lease, _since) AS c;
      IF NOT FOUND THEN
        until := least(${nextDue(schema, 'NOT suspect')}, ${nextDue(schema, 'suspect')});
      END IF;
      RETURN QUERY SELECT NULL, NULL::bigint, NULL::bigint, ${nothingBut('ceil(extract(epoch FROM until - now()) * 1000)::bigint', 'now()::text')};
    END IF;
  END $$;
`

/** The rest of a row that has no event. */
function nothingBut (received: string, body: string): string {
  return `NULL, NULL::integer, ${received}, NULL::integer, NULL, NULL, NULL::bigint, NULL::boolean, NULL::smallint, ${body}`
}

const NOTHING = nothingBut('NULL::bigint', 'NULL')

const nextDue = (schema: string, which: string): string => `(SELECT min(due) FROM ${schema}.lanes WHERE epoch = _epoch AND ${which} AND due > now())`
