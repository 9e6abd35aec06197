import { blockOf, SHARDS } from './functions.ts'
import { State } from './states.ts'

/** Of a large table, a fifth is much to be dead, or to be read because nobody knows that all can see it. */
const OFTEN = 'autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05'

/**
 * What never changes of an event is a row of `events`, which is only updated when it is replayed. While it is pending it has a row in
 * `pending`, and then one in `finished`. So the index of ids, which is as large as all that is kept and is written to at random, is
 * touched once.
 *
 * A lane has a row while it has pending events:
 *
 * - `head`: no pending event of it has a lower number. What comes before that in the index is all dead.
 * - `due`: when it is delivered at the earliest; while it is held, when the lease runs out.
 * - `holder` and `claim`: the process that holds it, and the number of its claim. A lane can be settled only with the number that
 *   it has now. A `holder` without a `claim` has reserved it: a listener still runs there.
 * - `adds`: how often events were added. If it is what it was when all pending events were claimed, nothing is pending after them.
 * - `suspect`: its next event was under way when a process ended, or stood still until its lease ran out. It has an index of its
 *   own, so that the others are found as if there were none.
 *
 * Of such events, `trial` is 0, 1 once it is delivered alone, and 2 if a process has ended in that. Others have none. One that has left
 * its lane to be tried again beside it is `aside`, and has another `lane` in `pending`, unless it was alone there. So has one that waits for
 * collectors, in a lane that its conversation has for that. Each of those has a time of its own in `due`; of others only the first of a lane has.
 *
 * Conversations are found by `events_lane`, a block of events after the other: new entries of it are all in the same few pages. An index of
 * lanes alone would have them all over it, and each page that is changed is in the write-ahead log as a whole once after each checkpoint.
 * `received` is in the index of numbers, for those who look for a time: clocks differ, so that it does not grow with them.
 *
 * The `size` of its body is in both, so that a claim need not read the events of which it takes none.
 *
 * `seq + 0` is for those who look for one event, or for all of them in order: with `seq` itself the server may take that index for what is
 * first in a lane, and read past all others.
 *
 * All rows of `lanes` and `totals` are of the same `epoch`, the only one in `epochs`. Dead versions of earlier ones cannot be removed
 * while anybody has an old snapshot, and are not come upon either.
 *
 * `completions` has the listeners that are through with an event because a transaction of the app says so: see complete.ts. They stay until
 * the event is gone, or is replayed for them. `born` is the first number that an event had. A replay gives it another one. And one that was
 * removed while such a transaction was open, and posted again, has its id and is not that event.
 *
 * `totals` is the sum of its rows, so that those who count at the same time seldom wait for each other.
 */
export const tables = (schema: string): string => events(schema) + lanes(schema)

const events = (schema: string): string => `
  CREATE SEQUENCE ${schema}.event_seq AS bigint CACHE 1;
  CREATE TABLE ${schema}.events (
    seq bigint,
    born bigint NOT NULL,
    received bigint NOT NULL,
    size integer NOT NULL,
    id bytea NOT NULL,
    lane text COLLATE "C" NOT NULL,
    name text NOT NULL,
    problems text,
    body text NOT NULL,
    PRIMARY KEY (seq) INCLUDE (received)
  ) WITH (${OFTEN});
  CREATE UNIQUE INDEX events_id ON ${schema}.events (id);
  CREATE INDEX events_lane ON ${schema}.events ((${blockOf('seq')}), pg_catalog.hashtext(lane));
  CREATE TABLE ${schema}.pending (
    seq bigint NOT NULL,
    due timestamptz,
    since timestamptz,
    size integer NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    trial smallint,
    aside boolean NOT NULL DEFAULT false,
    lane text COLLATE "C" NOT NULL,
    completed text,
    error text,
    deliveries text,
    PRIMARY KEY (lane, seq)
  ) WITH (autovacuum_vacuum_scale_factor = 0.05);
  CREATE UNIQUE INDEX pending_seq ON ${schema}.pending ((seq + 0));
  CREATE INDEX pending_failing ON ${schema}.pending (seq) WHERE attempts > 0;
  CREATE TABLE ${schema}.finished (
    seq bigint PRIMARY KEY,
    finished timestamptz NOT NULL,
    attempts integer NOT NULL,
    state smallint NOT NULL,
    completed text,
    error text,
    deliveries text
  ) WITH (${OFTEN});
  CREATE TABLE ${schema}.completions (
    born bigint,
    listener text COLLATE "C",
    PRIMARY KEY (born, listener)
  );
  CREATE INDEX finished_done ON ${schema}.finished (finished) WHERE state = ${State.done};
  CREATE INDEX finished_failed ON ${schema}.finished (finished) WHERE state > ${State.done};
  CREATE INDEX finished_state ON ${schema}.finished (state, seq) WHERE state > ${State.done};
`

const lanes = (schema: string): string => `
  CREATE TABLE ${schema}.lanes (
    epoch integer,
    lane text COLLATE "C",
    head bigint NOT NULL,
    due timestamptz NOT NULL,
    holder uuid,
    claim bigint,
    adds bigint NOT NULL,
    suspect boolean NOT NULL DEFAULT false,
    PRIMARY KEY (epoch, lane)
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
  CREATE INDEX lanes_due ON ${schema}.lanes (epoch, due) WHERE NOT suspect;
  CREATE INDEX lanes_suspect ON ${schema}.lanes (epoch, due) WHERE suspect;
  CREATE TABLE ${schema}.totals (
    epoch integer,
    shard integer,
    pending bigint NOT NULL DEFAULT 0,
    done bigint NOT NULL DEFAULT 0,
    dead bigint NOT NULL DEFAULT 0,
    invalid bigint NOT NULL DEFAULT 0,
    received bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (epoch, shard)
  ) WITH (fillfactor = 10);
  INSERT INTO ${schema}.totals (epoch, shard) SELECT 1, generate_series(0, ${SHARDS - 1});
  CREATE TABLE ${schema}.epochs (
    epoch integer PRIMARY KEY,
    began xid8 NOT NULL DEFAULT pg_current_xact_id(),
    began_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  INSERT INTO ${schema}.epochs (epoch, began_at) VALUES (1, '-infinity');
`
