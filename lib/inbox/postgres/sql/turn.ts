import { CLAIMED, noEvent } from './claim.ts'
import { PLANNED } from './functions.ts'
import { SETTLED } from './settle.ts'

/**
 * Settles what is to be settled, and then claims what may be claimed, in one round trip. Besides what a claim returns there is a row with
 * a `seq` and no lane for each event of which nothing was recorded, as its lease had run out.
 */
export const turn = (schema: string): string => `
  CREATE FUNCTION ${schema}.turn (_holder uuid, ${SETTLED},
    _own bigint[], _claim bigint, _may boolean, _most integer, _lease double precision, _since timestamptz, _overlap double precision)
  RETURNS ${CLAIMED} ${PLANNED} AS $$
  #variable_conflict use_column
  DECLARE
    _epoch integer := ${schema}.enter();
  BEGIN
    IF cardinality(_lanes) > 0 THEN
      RETURN QUERY SELECT ${noEvent({ seq: 'unnest(s.lost)' })}
        FROM ${schema}.settle(_epoch, _holder, _lanes, _claims, _adds, _bursts, _delays, _done_seqs, _done_by, _failed_seqs, _failed_by, _failed_states,
          _failed_lanes, _failed_delays, _failed_collects, _failed_stays, _failed_running, _failed_completed, _failed_errors, _failed_deliveries) AS s;
    END IF;
    IF _most > 0 THEN
      RETURN QUERY SELECT c.* FROM ${schema}.claim(_epoch, _holder, _own, _claim, _may, _most, _lease, _since, _overlap) AS c;
    END IF;
  END $$;
`
