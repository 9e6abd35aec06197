// Only PostgreSQL: SQLite's file has its version in the header (store/schema.ts).
import { quoted } from './identifiers.ts'
import type { PostgresClient } from './pool.ts'
import { query } from './query.ts'

/** Its name is long, because many apps have a table `migrations` of their own. */
const TABLE = 'oneroute_webhooks_migrations'
const COLUMNS = ['version', 'works_with', 'applied']

/** What a schema is of. */
export interface Version {
  /** 0 if there is none. */
  readonly version: number
  /** The oldest version of the package that works with it. */
  readonly worksWith: number
}

export const NOTHING: Version = { version: 0, worksWith: 0 }

/** The version of a schema, by the newest row of its table of versions. */
export async function versionOf (client: PostgresClient, name: string): Promise<Version> {
  // Not by `to_regclass`: after waiting for another process, it would still not see what that one has made.
  const [table] = await query(client, `SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attname = ANY ($2) AND NOT a.attisdropped) AS columns
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $3`, [name, COLUMNS, TABLE])
  if (table === undefined) return NOTHING
  if (Number(table.columns) === COLUMNS.length) {
    const [newest] = await query(client, `SELECT version, works_with FROM ${tableIn(name)} ORDER BY version DESC LIMIT 1`)
    if (newest !== undefined) return { version: Number(newest.version), worksWith: Number(newest.works_with) }
  }
  throw new Error(`its table '${TABLE}' is not as this package makes it: give the inbox a schema of its own`)
}

export function createTable (name: string): string {
  return `CREATE TABLE ${tableIn(name)} (
    version integer PRIMARY KEY,
    works_with integer NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
  )`
}

export function insertVersion (name: string, { version, worksWith }: Version): string {
  return `INSERT INTO ${tableIn(name)} (version, works_with) VALUES (${version}, ${worksWith})`
}

/** Fails if the schema is of another version by now. */
export function expectVersion (name: string, version: number): string {
  return `DO $$ BEGIN
    IF (SELECT max(version) FROM ${tableIn(name)}) IS DISTINCT FROM ${version} THEN RAISE EXCEPTION 'the schema is not of version ${version}'; END IF;
  END $$`
}

function tableIn (name: string): string {
  return `${quoted(name)}.${TABLE}`
}
