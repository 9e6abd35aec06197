import { hash } from '../../../events/hash.ts'
import { PLANNED, SAFE } from './functions.ts'

/** Transactions in an epoch at least: fewer leave nothing worth a new one. */
const LEAST = 200
/** Lanes for which there is one more of them: each is written anew, while everybody waits. */
const LANES = 10
/** With more lanes, no epoch begins: it would take too long, and there are not many dead versions of each. */
const MOST_LANES = 20_000
/** How long an epoch lasts at least, in milliseconds, however many processes ask whether it is over. */
const SHORTEST = 900
/** How long a new epoch may be waited for, in milliseconds: everybody else waits behind it. */
const PATIENCE = 50

/** Begins a piece of work, and returns the epoch, which stays what it is until that is over. */
export const enter = (schema: string): string => `
  CREATE FUNCTION ${schema}.enter () RETURNS integer ${SAFE} AS $$
  DECLARE
    _epoch integer;
  BEGIN
    PERFORM pg_advisory_xact_lock_shared(${lockOf(schema)});
    _epoch := (SELECT max(epoch) FROM ${schema}.epochs);
    -- Others see what was so before they had the lock: then this fails, and they begin anew.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      PERFORM FROM ${schema}.epochs WHERE epoch = _epoch FOR KEY SHARE;
    END IF;
    RETURN _epoch;
  END $$;
`

/**
 * Takes what is alive to a new epoch, if it is time, and returns whether it was: a few rows, when events are delivered as they come. A
 * lane or a count that changes often has many dead versions, and as long as anybody has an old snapshot, whoever looks for the live one
 * has to look at them all. Nobody is at work meanwhile.
 */
export const rotate = (schema: string): string => `
  CREATE FUNCTION ${schema}.rotate () RETURNS boolean ${PLANNED} SET lock_timeout = '${PATIENCE}ms' AS $$
  DECLARE
    _epoch integer;
    _age bigint;
    _began_at timestamptz;
    _most bigint;
  BEGIN
    -- In a database that was restored, it may have begun in what is the future here.
    SELECT epoch, abs(pg_snapshot_xmax(pg_current_snapshot())::text::bigint - began::text::bigint), began_at INTO _epoch, _age, _began_at
      FROM ${schema}.epochs ORDER BY epoch DESC LIMIT 1;
    IF _age < ${LEAST} OR _began_at BETWEEN clock_timestamp() - interval '${SHORTEST} milliseconds' AND clock_timestamp() THEN RETURN false; END IF;
    _most := least(_age * ${LANES}, ${MOST_LANES});
    IF (SELECT count(*) FROM (SELECT FROM ${schema}.lanes WHERE epoch = _epoch LIMIT _most + 1) AS l) > _most THEN RETURN false; END IF;

    PERFORM pg_advisory_xact_lock(${lockOf(schema)});
    IF NOT EXISTS (SELECT FROM ${schema}.epochs WHERE epoch = _epoch) THEN RETURN false; END IF;
    UPDATE ${schema}.lanes SET epoch = _epoch + 1 WHERE epoch = _epoch;
    UPDATE ${schema}.totals SET epoch = _epoch + 1 WHERE epoch = _epoch;
    INSERT INTO ${schema}.epochs (epoch) VALUES (_epoch + 1);
    DELETE FROM ${schema}.epochs WHERE epoch = _epoch;
    RETURN true;
  END $$;
`

/** The two numbers of an advisory lock. */
export function lockOf (schema: string, what = 'epoch'): string {
  const bytes = hash('sha256', `fastify-oneroute-webhooks ${what} ${schema}`, 'buffer')
  return `${bytes.readInt32BE(0)}, ${bytes.readInt32BE(4)}`
}
