// The tables, and how a file gets them. Its counterpart (postgres/schema.ts) checks server and version; the tables are in postgres/sql/tables.ts.
import type { DatabaseSync } from 'node:sqlite'
import type { EventState } from '../../inbox.ts'
import { UnusableError } from './files.ts'

/** Says whose file it is, in its header: 'ORwh'. */
const APPLICATION_ID = 0x4f527768

/** As they are stored. For the difference between live and waiting see lane-owner.ts. */
export const State = { live: 0, waiting: 1, done: 2, dead: 3, invalid: 4 } as const

const NAMES: readonly EventState[] = ['pending', 'pending', 'done', 'dead', 'invalid']

/** What the API calls it. */
export function nameOfState (state: number | undefined): EventState {
  const { [Number(state)]: name = 'pending' } = NAMES
  return name
}

/**
 * From the version before to this one, each. What was released is never changed: a new version is a new entry.
 *
 * Bodies are in a table of their own, so that what changes of an event is small: some thirty of them share a page.
 * `lanes` has the lanes that are not live: see lane-owner.ts, and lane-table.ts for what `due` is. `ids` finds events by a part of their id,
 * and lags behind: see known-ids.ts. So do `conversations` and `blocks`, by which events of a conversation or of a time are found: see
 * conversations.ts. `change_requests` is where other processes say what is to be changed: see change-requests.ts. For
 * `trial` of an event and `clean` see suspects.ts; `home` is the lane of one that has left it, and `since` when an event first failed.
 */
const MIGRATIONS: readonly string[] = [`
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    lane TEXT NOT NULL,
    name TEXT NOT NULL,
    state INTEGER NOT NULL,
    received INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due INTEGER,
    finished INTEGER,
    completed TEXT,
    error TEXT,
    problems TEXT,
    deliveries TEXT,
    since INTEGER,
    home TEXT,
    trial INTEGER
  ) STRICT;
  CREATE INDEX events_not_done ON events (state, seq) WHERE state <> ${State.done};
  CREATE INDEX events_waiting ON events (lane, seq) WHERE state = ${State.waiting};
  CREATE INDEX events_suspect ON events (trial) WHERE trial IS NOT NULL;
  CREATE INDEX events_failing ON events (seq) WHERE attempts > 0 AND finished IS NULL;
  CREATE TABLE bodies (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
  CREATE TABLE lanes (lane TEXT PRIMARY KEY, due INTEGER) STRICT, WITHOUT ROWID;
  CREATE INDEX lanes_due ON lanes (due);
  CREATE TABLE ids (key INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE conversations (key INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE blocks (block INTEGER PRIMARY KEY, oldest INTEGER NOT NULL, newest INTEGER NOT NULL) STRICT;
  CREATE TABLE totals (
    seq INTEGER NOT NULL,
    indexed INTEGER NOT NULL,
    stale INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    done INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    invalid INTEGER NOT NULL,
    received INTEGER NOT NULL,
    clean INTEGER NOT NULL
  ) STRICT;
  INSERT INTO totals VALUES (0, 0, 0, 0, 0, 0, 0, 0, 1);
  CREATE TABLE change_requests (
    request INTEGER PRIMARY KEY AUTOINCREMENT,
    asked INTEGER NOT NULL,
    action TEXT NOT NULL,
    argument TEXT NOT NULL,
    count INTEGER,
    error TEXT
  ) STRICT;
`]

/** What this version of the package works with. */
export const VERSION = MIGRATIONS.length

/** The schema that a file has: 0 if it is empty. Looks only, for it may be somebody else's. */
export function versionOf (db: DatabaseSync): number {
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  const application = db.prepare('PRAGMA application_id').get()?.application_id
  if (!isEmpty && application !== APPLICATION_ID) throw new UnusableError('it is a database of another program')
  return Number(db.prepare('PRAGMA user_version').get()?.user_version)
}

/** Makes a file of one version what this version of the package works with. */
export function migrate (db: DatabaseSync, version: number, migrations: readonly string[] = MIGRATIONS): void {
  if (version > migrations.length) {
    throw new UnusableError(`its schema is version ${version}, and this package knows ${migrations.length}: a newer version of the package has written it`)
  }
  if (version === migrations.length) return
  db.exec('BEGIN IMMEDIATE')
  for (const migration of migrations.slice(version)) db.exec(migration)
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}; COMMIT`)
}
