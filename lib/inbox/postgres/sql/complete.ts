import { hash } from '../../../events/hash.ts'
import { PLANNED } from './functions.ts'

/** What the messages of errors begin with that tell why a listener is not through: an app may get them wrapped into others of its driver. */
export const LOST = 'fastify-oneroute-webhooks: the delivery is lost'
export const NOT_READ_COMMITTED = 'fastify-oneroute-webhooks: the transaction is not READ COMMITTED'

/**
 * Records in the transaction of an app that a listener is through with an event. It fails if the lane is not that claim's any more, if the
 * event is not pending any more, and if anybody else has recorded the same, for which it waits until that is certain. So of two that are
 * at work on an event, because the lease of one had run out, one can commit. An event that was removed and posted again has the same id
 * and is a new one, also if the transaction of the one before is committed only then: so neither is known by its id.
 *
 * The transaction may take long: it has no lock that keeps others from adding to the lane, settling it or removing from it. They only
 * do not take the lane over before it has ended. It has to see what others have committed, so that it can tell whether the lane is its own.
 */
export const complete = (schema: string): string => `
  CREATE FUNCTION ${schema}.complete (_holder uuid, _claim bigint, _lane text, _seq bigint, _listener text) RETURNS boolean ${PLANNED} AS $$
  BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION '${NOT_READ_COMMITTED}' USING ERRCODE = 'feature_not_supported';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(${takeOverLock(schema, '_lane')});
    IF EXISTS (SELECT FROM ${schema}.lanes l WHERE l.epoch = (SELECT max(epoch) FROM ${schema}.epochs) AND l.lane = _lane AND l.holder = _holder AND l.claim = _claim)
      AND EXISTS (SELECT FROM ${schema}.pending p WHERE p.seq + 0 = _seq) THEN
      INSERT INTO ${schema}.completions (born, listener) SELECT e.born, _listener FROM ${schema}.events e WHERE e.seq = _seq ON CONFLICT DO NOTHING;
      IF FOUND THEN RETURN true; END IF;
    END IF;
    RAISE EXCEPTION '${LOST}' USING ERRCODE = 'object_not_in_prerequisite_state';
  END $$;
`

/** Whether a lane may be taken over from a process: not while what it has completed there may be committed still. */
export function mayTakeOver (schema: string, lane: string): string {
  return `pg_try_advisory_xact_lock(${takeOverLock(schema, lane)})`
}

/** The two numbers of an advisory lock. */
function takeOverLock (schema: string, lane: string): string {
  return `${hash('sha256', `fastify-oneroute-webhooks complete ${schema}`, 'buffer').readInt32BE(0)}, hashtext(${lane})`
}
