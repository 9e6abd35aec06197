import { State } from './states.ts'

/** Of one lane, claimed at once. */
export const MOST_EVENTS = 16
/** No more events of a lane are claimed once their bodies have so many bytes. */
export const MOST_BYTES = 262_144

/**
 * Leases lanes that are due, for so many milliseconds, and returns their first events. Not those of `_own`, which are claims of this
 * process that are under way: however late it is, it does not take over from itself. A lease is a later `due`: when it runs out, the
 * lane is due again, without anybody having to look for what is left of those who died.
 */
export const claim = (schema: string): string => `
  CREATE FUNCTION ${schema}.claim (_holder uuid, _own bigint[], _claim bigint, _most integer, _lease double precision)
  RETURNS TABLE (lane text, adds bigint, seq bigint, id text, size integer, received bigint, attempts integer, completed text, problems text, body text) LANGUAGE plpgsql AS $$
  #variable_conflict use_column
  DECLARE
    claimed text[];
    claimed_adds bigint[];
  BEGIN
    -- First all of them, and only then are they changed: in a join the limit could be come upon more than once.
    SELECT array_agg(d.lane), array_agg(d.adds) INTO claimed, claimed_adds FROM (
      SELECT l.lane, l.adds FROM ${schema}.lanes l WHERE l.due <= now() AND (l.holder IS DISTINCT FROM _holder OR l.claim <> ALL (_own))
      ORDER BY l.due LIMIT _most FOR NO KEY UPDATE SKIP LOCKED) AS d;
    IF claimed IS NULL THEN RETURN; END IF;
    UPDATE ${schema}.lanes l SET holder = _holder, claim = _claim, due = now() + _lease * interval '1 millisecond'
      FROM unnest(claimed) AS c (lane) WHERE l.lane = c.lane;

    -- A statement of its own: it sees all that was added before the lanes were locked, and nothing is added to them now.
    RETURN QUERY
      SELECT c.lane, c.adds, e.seq, e.id, e.size, e.received, e.attempts, e.completed, e.problems, b.body
      FROM unnest(claimed, claimed_adds) WITH ORDINALITY AS c (lane, adds, n)
      CROSS JOIN LATERAL (
        SELECT f.*, sum(f.size) OVER (ORDER BY f.seq) - f.size AS before
        FROM (
          SELECT p.seq, p.id, p.size, p.received, p.attempts, p.completed, p.problems FROM ${schema}.events p
          WHERE p.lane = c.lane AND p.state = ${State.pending} ORDER BY p.seq LIMIT ${MOST_EVENTS}
        ) AS f
      ) AS e
      JOIN ${schema}.bodies b ON b.seq = e.seq
      WHERE e.before < ${MOST_BYTES}
      ORDER BY c.n, e.seq;

    -- Those that were added to in vain: two had the same event at the same time.
    claimed := ARRAY(SELECT c.lane FROM unnest(claimed) AS c (lane) WHERE (
      SELECT p.seq FROM ${schema}.events p WHERE p.lane = c.lane AND p.state = ${State.pending} ORDER BY p.seq LIMIT 1) IS NULL);
    IF cardinality(claimed) > 0 THEN
      DELETE FROM ${schema}.lanes l USING unnest(claimed) AS c (lane) WHERE l.lane = c.lane;
    END IF;
  END $$;
`
