import { SHARDS, State } from './states.ts'

/**
 * Bodies are in a table of their own, so that what changes of an event is a small row. A lane has a row while it has pending events:
 *
 * - `due`: when it is delivered at the earliest; while it is held, when the lease runs out.
 * - `holder` and `claim`: the process that holds it, and the number of its claim. A lane can be settled only with the number that
 *   it has now. A `holder` without a `claim` has reserved it: a listener still runs there.
 * - `adds`: how often events were added. If it is what it was when all pending events were claimed, nothing is pending after them.
 * - `suspect`: its next event was under way when a process ended, or stood still until its lease ran out. It has an index of its
 *   own, so that the others are found as if there were none.
 *
 * Of such events, `trial` is 0, 1 once it is delivered alone, and 2 if a process has ended in that. Others have none.
 *
 * `state + 0` is for those who look: with `state` itself the server may take that index for delivering, where it is not meant.
 *
 * `totals` is the sum of its rows, so that those who count at the same time seldom wait for each other.
 */
export const tables = (schema: string): string => `
  CREATE SEQUENCE ${schema}.event_seq AS bigint CACHE 1;
  CREATE TABLE ${schema}.events (
    seq bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    lane text COLLATE "C" NOT NULL,
    name text NOT NULL,
    state smallint NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    size integer NOT NULL,
    received bigint NOT NULL,
    due timestamptz,
    finished timestamptz,
    completed text,
    error text,
    problems text,
    deliveries text,
    since timestamptz,
    home text COLLATE "C",
    trial smallint
  );
  CREATE UNIQUE INDEX events_id ON ${schema}.events (id);
  CREATE INDEX events_lane ON ${schema}.events (lane, seq) WHERE state = ${State.pending};
  CREATE INDEX events_not_done ON ${schema}.events ((state + 0), seq) WHERE state + 0 <> ${State.done};
  CREATE INDEX events_done ON ${schema}.events (finished) WHERE state = ${State.done};
  CREATE INDEX events_failed ON ${schema}.events (finished) WHERE state > ${State.done};
  CREATE INDEX events_failing ON ${schema}.events (seq) WHERE attempts > 0 AND finished IS NULL;
  CREATE TABLE ${schema}.bodies (seq bigint PRIMARY KEY, body text NOT NULL);
  CREATE TABLE ${schema}.lanes (
    lane text COLLATE "C" PRIMARY KEY,
    due timestamptz NOT NULL,
    holder uuid,
    claim bigint,
    adds bigint NOT NULL,
    suspect boolean NOT NULL DEFAULT false
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
  CREATE INDEX lanes_due ON ${schema}.lanes (due) WHERE NOT suspect;
  CREATE INDEX lanes_suspect ON ${schema}.lanes (due) WHERE suspect;
  CREATE TABLE ${schema}.totals (
    shard integer PRIMARY KEY,
    pending bigint NOT NULL DEFAULT 0,
    done bigint NOT NULL DEFAULT 0,
    dead bigint NOT NULL DEFAULT 0,
    invalid bigint NOT NULL DEFAULT 0,
    received bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 10);
  INSERT INTO ${schema}.totals (shard) SELECT generate_series(0, ${SHARDS - 1});
`
