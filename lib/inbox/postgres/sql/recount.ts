import { lockOf } from './epochs.ts'
import { FIRST_DUE, LOCK_TIMEOUT, SAFE, SHARDS } from './functions.ts'
import { State } from './states.ts'

/** Counts, by the names that they have in `totals`, and how many there are. */
const COUNTS = {
  pending: 'p.count',
  done: `f.counts[${State.done}]`,
  dead: `f.counts[${State.dead}]`,
  invalid: `f.counts[${State.invalid}]`
} as const

/**
 * Puts right what nobody but an operator can have put wrong, while everybody goes on, and returns what it was: by how much each count has
 * changed, how many rows of events that are gone were removed, how many events are dead now as nothing said what had become of them, and
 * how many lanes were found again.
 *
 * Rows and counts change together, in each transaction: one statement, which sees both, knows by how much the counts are wrong, however
 * much is done meanwhile. Two that have found the same would both correct it: one recount runs at a time.
 *
 * Nothing is read by index here, and each statement is planned when it is run. An epoch is entered at the end only: nobody can begin a
 * new one while somebody is in the old one.
 */
export const recount = (schema: string): string => `
  CREATE FUNCTION ${schema}.recount (OUT pending bigint, OUT done bigint, OUT dead bigint, OUT invalid bigint,
    OUT removed bigint, OUT stateless bigint, OUT lanes bigint) ${SAFE} SET lock_timeout = '${LOCK_TIMEOUT}ms' SET plan_cache_mode = force_custom_plan AS $$
  #variable_conflict use_column
  DECLARE
    _epoch integer;
    _lost text[];
    _heads bigint[];
    _dues timestamptz[];
  BEGIN
    PERFORM pg_advisory_xact_lock(${lockOf(schema, 'recount')});
    ${removeOrphans(schema)}
    ${makeStatelessDead(schema)}
    ${compare(schema)}
    ${findLost(schema)}

    INSERT INTO ${schema}.epochs (epoch) SELECT coalesce(max(o.epoch), 1)
      FROM (SELECT epoch FROM ${schema}.lanes UNION ALL SELECT epoch FROM ${schema}.totals) AS o HAVING NOT EXISTS (SELECT FROM ${schema}.epochs)
      ON CONFLICT DO NOTHING;
    _epoch := ${schema}.enter();
    INSERT INTO ${schema}.totals (epoch, shard) SELECT _epoch, generate_series(0, ${SHARDS - 1}) ON CONFLICT DO NOTHING;
    ${makeLanes(schema)}
    -- Always the same row: whoever has not seen what was corrected, another recount or an epoch that begins, fails, whatever the isolation.
    UPDATE ${schema}.totals t SET ${Object.keys(COUNTS).map((name) => `${name} = t.${name} + recount.${name}`).join(', ')}
      WHERE t.epoch = _epoch AND t.shard = 0 AND (${[...Object.keys(COUNTS), 'lanes'].map((name) => `recount.${name}`).join(', ')}) IS DISTINCT FROM (0, 0, 0, 0, 0);
  END $$;
`

/** They cannot be delivered, and nobody would see them. What listeners have completed of them is no more than a trace. */
const removeOrphans = (schema: string): string => `DELETE FROM ${schema}.completions c WHERE NOT EXISTS (SELECT FROM ${schema}.events e WHERE e.born = c.born);
    WITH gone AS (
      DELETE FROM ${schema}.pending p WHERE NOT EXISTS (SELECT FROM ${schema}.events e WHERE e.seq = p.seq) RETURNING 1
    ), gone_finished AS (
      DELETE FROM ${schema}.finished f WHERE NOT EXISTS (SELECT FROM ${schema}.events e WHERE e.seq = f.seq) RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM gone_finished) INTO removed;`

/** Whoever deleted its row did not want it delivered. Dead, it is not lost either: it can be seen, and replayed. */
const makeStatelessDead = (schema: string): string => `INSERT INTO ${schema}.finished (seq, finished, attempts, state, error)
      SELECT e.seq, now(), 0, ${State.dead}, 'what had become of it was deleted from the database' FROM ${schema}.events e
      WHERE NOT EXISTS (SELECT FROM ${schema}.pending p WHERE p.seq = e.seq) AND NOT EXISTS (SELECT FROM ${schema}.finished f WHERE f.seq = e.seq)
      FOR KEY SHARE OF e
      ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS stateless = ROW_COUNT;`

/** All rows of totals are of one epoch, whichever that is. */
const compare = (schema: string): string => `SELECT ${Object.entries(COUNTS).map(([name, count]) => `${count} - t.${name}`).join(', ')}
      INTO ${Object.keys(COUNTS).join(', ')}
      FROM (SELECT count(*) FROM ${schema}.pending) AS p,
        (SELECT ARRAY[${[State.done, State.dead, State.invalid].map((state) => `count(*) FILTER (WHERE state = ${state})`).join(', ')}] AS counts FROM ${schema}.finished) AS f,
        (SELECT ${Object.keys(COUNTS).map((name) => `coalesce(sum(${name}), 0) AS ${name}`).join(', ')} FROM ${schema}.totals) AS t;`

/** Lanes with a pending event that nobody would come upon: they have no row, or one that begins after it. */
const findLost = (schema: string): string => `SELECT array_agg(m.lane), array_agg(m.head), array_agg(m.due) INTO _lost, _heads, _dues FROM (
        SELECT p.lane, min(p.seq) AS head, ${FIRST_DUE} AS due
        FROM ${schema}.pending p LEFT JOIN ${schema}.lanes l ON l.lane = p.lane
        WHERE l.lane IS NULL OR p.seq < l.head
        GROUP BY p.lane) AS m;`

/** Of what was added to them meanwhile, the head is the lower number. Who holds one does not know that there is more in it: so \`adds\`. */
const makeLanes = (schema: string): string => `INSERT INTO ${schema}.lanes AS l (epoch, lane, head, due, adds)
      SELECT _epoch, m.lane, m.head, coalesce(m.due, now()), 1 FROM unnest(_lost, _heads, _dues) AS m (lane, head, due) ORDER BY m.lane COLLATE "C"
      ON CONFLICT (epoch, lane) DO UPDATE SET head = least(l.head, excluded.head), adds = l.adds + 1;
    GET DIAGNOSTICS lanes = ROW_COUNT;`
