// Only PostgreSQL: see horizon.ts.
import { Statement } from './query.ts'
import type { Row } from './query.ts'

/** Somebody for whom the server keeps deleted rows. */
export interface Blocker {
  readonly kind: string
  /** The id of the session's process, the name of the slot, or what the prepared transaction is called. */
  readonly name: string
  readonly application: string | null
  readonly user: string | null
  readonly database: string | null
}

/** What each of them does, and so what would end it. */
const WORDS: Readonly<Record<string, string>> = {
  session: 'has a transaction open',
  standby: 'needs old rows for its queries (hot_standby_feedback)',
  'replication slot': 'keeps old rows for a standby',
  'prepared transaction': 'is neither committed nor rolled back'
}

/**
 * Those for whom deleted rows are kept; whoever keeps the oldest comes first. `xid` is a transaction that has changed something: every new
 * snapshot reaches back to it, also from other databases. `xmin` is what a snapshot reaches back to. It is only told when all
 * transactions from then have ended. Before that, any new snapshot reaches back as far, and is not to blame. VACUUM itself keeps
 * nothing, and neither do slots that are lost, although both show an `xmin`. Every role may read all of this. Only `state` is hidden from some.
 */
export const BLOCKERS = new Statement(`WITH oldest AS (
    SELECT pg_catalog.age(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::xid) AS age
  ), blockers (kind, name, application, "user", database, xid, xmin, seconds) AS (
    SELECT CASE WHEN datid IS NULL THEN 'standby' ELSE 'session' END, pid::text, application_name, usename, datname, backend_xid,
      CASE WHEN datid IS NULL OR datname = pg_catalog.current_database() THEN backend_xmin END,
      CASE WHEN state LIKE 'idle in transaction%' THEN extract(epoch FROM pg_catalog.now() - state_change) END
    FROM pg_catalog.pg_stat_activity
    WHERE usesysid IS NOT NULL AND leader_pid IS NULL AND pid NOT IN (SELECT pid FROM pg_catalog.pg_stat_progress_vacuum)
    UNION ALL
    SELECT 'replication slot', slot_name, NULL, NULL, NULL, NULL, xmin, NULL
    FROM pg_catalog.pg_replication_slots WHERE wal_status IS DISTINCT FROM 'lost'
    UNION ALL
    SELECT 'prepared transaction', gid, NULL, owner, database, transaction, NULL, extract(epoch FROM pg_catalog.now() - prepared)
    FROM pg_catalog.pg_prepared_xacts
  ), aged AS (
    SELECT b.*, pg_catalog.age(b.xid) AS xid_age, CASE WHEN pg_catalog.age(b.xmin) > oldest.age THEN pg_catalog.age(b.xmin) END AS xmin_age
    FROM blockers b, oldest
  )
  SELECT kind, name, application, "user", database, xid, CASE WHEN xmin_age IS NOT NULL THEN xmin END AS xmin, coalesce(seconds, 0) AS seconds
  FROM aged WHERE xid IS NOT NULL OR xmin_age IS NOT NULL ORDER BY greatest(xid_age, xmin_age) DESC, name`)

export function blockerOf ({ kind, name, application, user, database }: Row): Blocker {
  return {
    kind: String(kind),
    name: String(name),
    application: application || null,
    user: user ?? null,
    database: database ?? null
  }
}

/** Who it is and what they do: 'session 4711 (application "psql", user "me", database "app") has a transaction open'. */
export function describe ({ kind, name, application, user, database }: Blocker): string {
  const known = Object.entries({ application, user, database }).filter(([, value]) => value !== null).map(([key, value]) => `${key} "${value}"`)
  return `${kind} ${name}${known.length === 0 ? '' : ` (${known.join(', ')})`} ${String(WORDS[kind])}`
}
