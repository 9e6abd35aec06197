import { MOST_COLLECTED, MOST_OF_COLLECTED } from '../../sql/next-lane.ts'
import { CLAIMED, claimedEvent, claimedOf, HAS_LAPSED, mayTake } from './claim.ts'
import { firstOf, isOfCollectors, SAFE } from './functions.ts'

/**
 * Leases the suspect lane that has been due for longest, and returns its first event: that it is delivered now is recorded with that. If
 * a process has ended in the same before, it is returned to be counted as failed, and not to be delivered. If it waits for collectors, all
 * that waits there is returned: it is delivered together, and recorded of the first.
 */
export const claimSuspect = (schema: string): string => `
  CREATE FUNCTION ${schema}.claim_suspect (_epoch integer, _holder uuid, _own bigint[], _claim bigint, _lease double precision)
  RETURNS ${CLAIMED} ${SAFE} AS $$
  #variable_conflict use_column
  DECLARE
    _lane record;
    _first record;
    _is_collected boolean;
  BEGIN
    LOOP
      SELECT l.lane, l.adds, l.head, ${HAS_LAPSED} AS has_lapsed INTO _lane FROM ${schema}.lanes l
        WHERE l.epoch = _epoch AND l.suspect AND l.due <= now() AND ${mayTake(schema)}
        ORDER BY l.due LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
      IF NOT FOUND THEN RETURN; END IF;
      SELECT f.seq, f.trial INTO _first FROM (${firstOf(schema, '_lane')}) AS f;
      EXIT WHEN _first.trial IS NOT NULL;
      -- What was suspect is done or gone by now: it is a lane like any other, or none.
      DELETE FROM ${schema}.lanes l WHERE l.epoch = _epoch AND l.lane = _lane.lane AND _first.seq IS NULL;
      UPDATE ${schema}.lanes l SET suspect = false, holder = NULL, claim = NULL, due = now() WHERE l.epoch = _epoch AND l.lane = _lane.lane;
    END LOOP;

    UPDATE ${schema}.lanes l SET holder = _holder, claim = _claim, due = now() + _lease * interval '1 millisecond' WHERE l.epoch = _epoch AND l.lane = _lane.lane;
    UPDATE ${schema}.pending e SET trial = CASE WHEN e.trial = 2 OR (e.trial = 1 AND _lane.has_lapsed) THEN 2 ELSE 1 END WHERE e.seq + 0 = _first.seq;
    _is_collected := ${isOfCollectors(schema, '_lane')};
    RETURN QUERY SELECT _lane.lane::text, _lane.adds::bigint, ${claimedEvent(schema)}
      FROM (${claimedOf(schema, '_lane', `CASE WHEN _is_collected THEN ${MOST_COLLECTED} ELSE 1 END`)}) AS p
      CROSS JOIN LATERAL (SELECT e.* FROM ${schema}.events e WHERE e.seq = p.seq LIMIT 1) AS e
      WHERE p.before < ${MOST_OF_COLLECTED} ORDER BY p.seq;
  END $$;
`
