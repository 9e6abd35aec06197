import { CLAIMED, CLAIMED_EVENT, HAS_LAPSED, MAY_TAKE } from './claim.ts'
import { SAFE, State } from './states.ts'

/**
 * Leases the suspect lane that has been due for longest, and returns its first event: that it is delivered now is recorded with that. If
 * a process has ended in the same before, it is returned to be counted as failed, and not to be delivered.
 */
export const claimSuspect = (schema: string): string => `
  CREATE FUNCTION ${schema}.claim_suspect (_holder uuid, _own bigint[], _claim bigint, _lease double precision)
  RETURNS ${CLAIMED} ${SAFE} AS $$
  #variable_conflict use_column
  DECLARE
    _lane record;
    _first record;
  BEGIN
    LOOP
      SELECT l.lane, l.adds, ${HAS_LAPSED} AS has_lapsed INTO _lane FROM ${schema}.lanes l
        WHERE l.suspect AND l.due <= now() AND ${MAY_TAKE}
        ORDER BY l.due LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
      IF NOT FOUND THEN RETURN; END IF;
      SELECT p.seq, p.trial INTO _first FROM ${schema}.events p
        WHERE p.lane = _lane.lane AND p.state = ${State.pending} ORDER BY p.seq LIMIT 1;
      EXIT WHEN _first.trial IS NOT NULL;
      -- What was suspect is done or gone by now: it is a lane like any other, or none.
      DELETE FROM ${schema}.lanes l WHERE l.lane = _lane.lane AND _first.seq IS NULL;
      UPDATE ${schema}.lanes l SET suspect = false, holder = NULL, claim = NULL WHERE l.lane = _lane.lane;
    END LOOP;

    UPDATE ${schema}.lanes l SET holder = _holder, claim = _claim, due = now() + _lease * interval '1 millisecond' WHERE l.lane = _lane.lane;
    UPDATE ${schema}.events e SET trial = CASE WHEN e.trial = 2 OR (e.trial = 1 AND _lane.has_lapsed) THEN 2 ELSE 1 END WHERE e.seq = _first.seq;
    RETURN QUERY SELECT _lane.lane::text, _lane.adds::bigint, ${CLAIMED_EVENT}
      FROM ${schema}.events e JOIN ${schema}.bodies b ON b.seq = e.seq WHERE e.seq = _first.seq;
  END $$;
`
