import { MOST_COLLECTED, MOST_OF_COLLECTED } from '../../sql/next-lane.ts'
import { mayTakeOver } from './complete.ts'
import { firstOf, isOfCollectors, mayCollect, SAFE } from './functions.ts'

/** Of one lane, claimed at once. */
export const MOST_CLAIMED = 16
/** No more events of a lane are claimed once their bodies have so many bytes. */
export const MOST_BYTES = 262_144

/**
 * Lanes that are picked at once; and once so many were picked whose lease had run out, no more are in this transaction: for each of them it has a lock
 * until it ends, of which the server has some thousand for all. Whatever is due besides is claimed in the next one.
 */
export const MOST_TAKEN_OVER = 500
const MOST_PICKED = `least(_most - given, ${MOST_TAKEN_OVER})`

/** What a claim returns: a row for each event. */
export const CLAIMED = `TABLE (lane text, adds bigint, seq bigint, id text, size integer, received bigint, attempts integer, completed text, noted text, problems text,
    failing_for bigint, due_in bigint, aside boolean, home text, followed boolean, trial smallint, body text)`

/** A row that has no event, but what stands in the place of some columns. */
export function noEvent ({ seq = 'NULL::bigint', received = 'NULL::bigint', body = 'NULL' }: Partial<Record<'seq' | 'received' | 'body', string>>): string {
  return `NULL, NULL::bigint, ${seq}, NULL, NULL::integer, ${received}, NULL::integer, NULL, NULL, NULL, NULL::bigint, NULL::bigint, NULL::boolean, NULL, NULL::boolean, NULL::smallint, ${body}`
}

/**
 * Of an event `e` that is pending as `p`, with the size of those `before` it that are claimed, too. Of the first one of those that wait for
 * collectors it is said whether others of its conversation are in the lane that it came in.
 */
export const claimedEvent = (schema: string): string => `p.seq, encode(e.id, 'hex'), e.size, e.received, p.attempts, p.completed,
        (SELECT array_to_json(array_agg(n.listener))::text FROM ${schema}.completions n WHERE n.born = e.born), e.problems,
        greatest(0, coalesce(extract(epoch FROM now() - p.since) * 1000, 0))::bigint,
        greatest(0, CASE WHEN p.since IS NOT NULL THEN ceil(extract(epoch FROM p.due - now()) * 1000) END)::bigint, p.aside, CASE WHEN p.lane <> e.lane THEN e.lane END,
        CASE WHEN p.before = 0 AND p.lane <> e.lane AND ${mayCollect('p.lane')} THEN EXISTS (SELECT FROM ${schema}.lanes h WHERE h.epoch = _epoch AND h.lane = e.lane) END,
        p.trial, e.body`

/** Of the lane `of`, its first events, as many as are claimed of it at once. */
export const claimedOf = (schema: string, of: string, most: string): string =>
  `SELECT f.*, sum(f.size) OVER (ORDER BY f.seq) - f.size AS before FROM (${firstOf(schema, of, most)}) AS f`

/**
 * Whether a lane `l` that is due can be taken: not if it is of `_own`, which are claims of this process that are under way. However late
 * it is, it does not take over from itself, nor from another process whose app may still commit what it has completed. What another
 * process has reserved is that one's for a lease longer.
 */
export const mayTake = (schema: string): string => `CASE WHEN l.holder = _holder THEN l.claim IS NULL OR l.claim <> ALL (_own)
        WHEN l.holder IS NOT NULL AND l.claim IS NOT NULL THEN ${mayTakeOver(schema, 'l.lane')}
        ELSE l.holder IS NULL OR l.due <= now() - _lease * interval '1 millisecond' END`

/** Whether the lease of another process has run out, of a lane that is due. */
export const HAS_LAPSED = 'l.claim IS NOT NULL AND l.holder <> _holder'

/**
 * Leases lanes that are due, for so many milliseconds, and returns their first events. A lease is a later `due`: when it runs out, the
 * lane is due again, without anybody having to look for what is left of those who died. A lane whose lease ran out is suspect: its
 * event may be what they died of. A process takes one of those at a time, in addition, if `_may`.
 *
 * `_since` is up to when the process has looked before, or null: so many milliseconds before that it begins, for whatever was due before is
 * dead, or in somebody's hands. The last row has no event: its `body` is up to when it has looked now, and its `received` in how many milliseconds the
 * next lane is due, if none was; 0 if there may be more that are.
 */
export const claim = (schema: string): string => `
  CREATE FUNCTION ${schema}.claim (_epoch integer, _holder uuid, _own bigint[], _claim bigint, _may boolean, _most integer, _lease double precision,
    _since timestamptz, _overlap double precision)
  RETURNS ${CLAIMED} ${SAFE} AS $$
  #variable_conflict use_column
  DECLARE
    _from timestamptz := coalesce(_since - _overlap * interval '1 millisecond', '-infinity');
    claimed text[];
    claimed_adds bigint[];
    claimed_heads bigint[];
    suspects text[];
    suspect_heads bigint[];
    vain text[];
    -- Lanes.
    given integer := 0;
    taken integer := 0;
    looked timestamptz;
    is_news boolean := false;
    is_found boolean;
    is_cut boolean := false;
  BEGIN
    IF _may AND EXISTS (SELECT FROM ${schema}.lanes l WHERE l.epoch = _epoch AND l.suspect AND l.due <= now()) THEN
      RETURN QUERY SELECT s.* FROM ${schema}.claim_suspect(_epoch, _holder, _own, _claim, _lease) AS s;
      given := FOUND::integer;
    END IF;

    ${pickWhatGoesOn(schema)}
    UPDATE ${schema}.lanes l SET holder = _holder, claim = _claim, due = now() + _lease * interval '1 millisecond'
      WHERE l.epoch = _epoch AND l.lane = ANY (claimed);

    ${sort(schema)}
    is_cut := is_cut OR vain IS NOT NULL OR suspects IS NOT NULL;
    ${give(schema)}
    is_found := FOUND;

    IF _may AND given = 0 AND is_news AND coalesce(cardinality(claimed), 0) < _most THEN
      RETURN QUERY SELECT s.* FROM ${schema}.claim_suspect(_epoch, _holder, _own, _claim, _lease) AS s;
      given := FOUND::integer;
    END IF;
    RETURN QUERY SELECT ${noEvent({ received: `CASE WHEN is_cut THEN 0 WHEN given = 0 AND NOT is_found THEN ${dueIn(schema)} END`, body: 'looked::text' })};
  END $$;
`

/** Lanes that nobody has, and not too many of those that somebody had. */
const pickWhatGoesOn = (schema: string): string => `LOOP
      ${pick(schema)}
      EXIT WHEN suspects IS NULL;
      ${suspect(schema)}
      is_news := true;
      taken := taken + cardinality(suspects);
      is_cut := taken >= ${MOST_TAKEN_OVER};
      IF is_cut THEN
        ${LEAVE_SUSPECTS}
        EXIT;
      END IF;
    END LOOP;`

const LEAVE_SUSPECTS = `SELECT array_agg(c.lane), array_agg(c.adds), array_agg(c.head) INTO claimed, claimed_adds, claimed_heads
          FROM unnest(claimed, claimed_adds, claimed_heads) AS c (lane, adds, head) WHERE c.lane <> ALL (suspects);`

/** In how many milliseconds the next lane is due. */
const dueIn = (schema: string): string => `ceil(extract(epoch FROM least(${nextDue(schema, 'NOT suspect')}, ${nextDue(schema, 'suspect')}) - now()) * 1000)::bigint`
const nextDue = (schema: string, which: string): string => `(SELECT min(due) FROM ${schema}.lanes WHERE epoch = _epoch AND ${which} AND due > now())`

/** First all of them, and only then are they changed: in a join the limit could be come upon more than once. */
const pick = (schema: string): string => `SELECT array_agg(d.lane), array_agg(d.adds), array_agg(d.head),
        array_agg(d.lane) FILTER (WHERE d.has_lapsed), array_agg(d.head) FILTER (WHERE d.has_lapsed),
        CASE WHEN count(*) < ${MOST_PICKED} THEN now() ELSE max(d.due) END
        INTO claimed, claimed_adds, claimed_heads, suspects, suspect_heads, looked FROM (
        SELECT l.lane, l.adds, l.head, l.due, ${HAS_LAPSED} AS has_lapsed FROM ${schema}.lanes l
        WHERE l.epoch = _epoch AND NOT l.suspect AND l.due >= _from AND l.due <= now() AND ${mayTake(schema)}
        ORDER BY l.due LIMIT ${MOST_PICKED} FOR NO KEY UPDATE SKIP LOCKED) AS d;`

/** What was under way: of each lane its first event. One before it that was done and not recorded is it again first. */
const suspect = (schema: string): string => `UPDATE ${schema}.lanes l SET suspect = true, holder = NULL, claim = NULL, due = now()
        WHERE l.epoch = _epoch AND l.lane = ANY (suspects);
      UPDATE ${schema}.pending e SET
        trial = CASE e.trial WHEN 1 THEN 2 ELSE coalesce(e.trial, 0) END,
        attempts = CASE WHEN e.trial IS NULL THEN e.attempts + 1 ELSE e.attempts END,
        error = CASE WHEN e.trial IS NULL THEN coalesce(e.error, 'the process ended while it was being delivered, or stood still') ELSE e.error END
        WHERE e.seq + 0 = ANY (ARRAY(
          SELECT f.seq FROM unnest(suspects, suspect_heads) AS c (lane, head) CROSS JOIN LATERAL (${firstOf(schema, 'c')}) AS f));`

/**
 * Leaves out those in which nothing waits, for all of it was in the claim before, or two had the same event at the same time; and those whose
 * next event is suspect: that is no usual lane any more. Others may be due that had no place beside them. A statement of its own: it sees all
 * that was added before the lanes were locked, and nothing is added to them now.
 */
const sort = (schema: string): string => `SELECT array_agg(c.lane) FILTER (WHERE f.seq IS NULL), array_agg(c.lane) FILTER (WHERE f.trial IS NOT NULL)
      INTO vain, suspects FROM unnest(claimed, claimed_heads) AS c (lane, head) LEFT JOIN LATERAL (${firstOf(schema, 'c')}) AS f ON true;
    IF vain IS NOT NULL THEN
      DELETE FROM ${schema}.lanes l WHERE l.epoch = _epoch AND l.lane = ANY (vain);
    END IF;
    IF suspects IS NOT NULL THEN
      UPDATE ${schema}.lanes l SET suspect = true, holder = NULL, claim = NULL, due = now()
        WHERE l.epoch = _epoch AND l.lane = ANY (suspects);
      ${LEAVE_SUSPECTS}
      is_news := true;
    END IF;`

const give = (schema: string): string => `RETURN QUERY
      SELECT c.lane, c.adds, ${claimedEvent(schema)}
      FROM unnest(claimed, claimed_adds, claimed_heads) WITH ORDINALITY AS c (lane, adds, head, n)
      CROSS JOIN LATERAL (SELECT ${isOfCollectors(schema, 'c')} AS is_collected OFFSET 0) AS k
      CROSS JOIN LATERAL (${claimedOf(schema, 'c', `CASE WHEN k.is_collected THEN ${MOST_COLLECTED} ELSE ${MOST_CLAIMED} END`)}) AS p
      CROSS JOIN LATERAL (SELECT e.* FROM ${schema}.events e WHERE e.seq = p.seq LIMIT 1) AS e
      WHERE p.before < CASE WHEN k.is_collected THEN ${MOST_OF_COLLECTED} ELSE ${MOST_BYTES} END
      ORDER BY c.n, p.seq;`
