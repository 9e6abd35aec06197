import { InboxUnusableError } from '../../errors.ts'
import { query } from './database.ts'
import type { Database } from './database.ts'
import { reasonOf } from './fate.ts'
import { quoted } from './names.ts'
import type { PostgresClient } from './pool.ts'
import { add } from './sql/add.ts'
import { claim } from './sql/claim.ts'
import { claimSuspect } from './sql/claim-suspect.ts'
import { discard, forget } from './sql/discard.ts'
import { enter, rotate } from './sql/epochs.ts'
import { purge } from './sql/purge.ts'
import { recount } from './sql/recount.ts'
import { recovering } from './sql/recovering.ts'
import { release, unreserve } from './sql/release.ts'
import { renew } from './sql/renew.ts'
import { numbers, replay } from './sql/replay.ts'
import { settle } from './sql/settle.ts'
import { tables } from './sql/tables.ts'
import { turn } from './sql/turn.ts'

type Migration = (schema: string) => string

export const OLDEST_SERVER = 14

/**
 * From the version before to this one, each. What was released is never changed: a new version is a new entry. While a deploy is under
 * way, processes of the version before go on: a migration must leave what they call.
 */
const MIGRATIONS: readonly Migration[] = [
  (schema) => [
    tables, enter, rotate, add, settle, claimSuspect, claim, turn, renew, release, unreserve, recovering, numbers, replay, discard, forget, purge, recount
  ].map((part) => part(schema)).join('\n')
]

/** Sees to it that the schema is there and is what this version of the package works with. */
export async function prepareSchema (database: Database, name: string, migrations = MIGRATIONS, oldestServer = OLDEST_SERVER): Promise<void> {
  try {
    await database.use(async (client) => {
      await checkServer(client, oldestServer)
      if (await versionOf(client, name) !== migrations.length) await migrate(client, name, migrations)
    })
  } catch (error) {
    const unusable = new InboxUnusableError(name, reasonOf(error))
    unusable.cause = error
    throw unusable
  }
}

/** Sees to it that the schema is there and is what this version of the package works with, and changes nothing. */
export async function checkSchema (database: Database, name: string): Promise<void> {
  const version = await database.use(async (client) => await versionOf(client, name))
  if (version === 0) throw new InboxUnusableError(name, 'there is no such inbox in this database')
  if (version > MIGRATIONS.length) throw new InboxUnusableError(name, tooNew(version, MIGRATIONS.length))
}

async function checkServer (client: PostgresClient, oldest: number): Promise<void> {
  const [row] = await query(client, `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only, $1::integer AS number`, [42])
  if (row?.number !== '42') throw new Error('its pool wants binary results, and must not: leave out `binary`')
  if (Number(row.version) < oldest * 10_000) throw new Error(`PostgreSQL ${oldest} or later is needed`)
  if (row.encoding !== 'UTF8') throw new Error(`the database's encoding is ${String(row.encoding)}, and must be UTF8`)
  if (row.read_only === 't') throw new Error('the server is read-only: a replica, perhaps, and not the primary')
}

/** 0 if there is none. */
async function versionOf (client: PostgresClient, name: string): Promise<number> {
  // Not by `to_regclass`: after waiting for another process, it would still not see what that one has made.
  const found = await query(client, `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'migrations'`, [name])
  if (found.length === 0) return 0
  const [row] = await query(client, `SELECT max(version) AS version FROM ${quoted(name)}.migrations`)
  return Number(row?.version)
}

async function migrate (client: PostgresClient, name: string, migrations: readonly Migration[]): Promise<void> {
  await query(client, 'BEGIN ISOLATION LEVEL READ COMMITTED')
  try {
    // One after the other: whoever comes second finds it done.
    await query(client, "SELECT pg_advisory_xact_lock(hashtextextended('fastify-oneroute-webhooks ' || $1, 0))", [name])
    const version = await versionOf(client, name)
    if (version > migrations.length) throw new Error(tooNew(version, migrations.length))
    if (version === 0) await query(client, createSchema(name))
    for (const [i, migration] of migrations.entries()) {
      if (i < version) continue
      await query(client, migration(quoted(name)))
      await query(client, `INSERT INTO ${quoted(name)}.migrations (version) VALUES (${i + 1})`)
    }
    await query(client, 'COMMIT')
  } catch (error) {
    await query(client, 'ROLLBACK').catch(() => {}) // if the connection is lost, the transaction is, too
    throw error
  }
}

function tooNew (version: number, known: number): string {
  return `its version is ${version}, and this package knows ${known}: a newer version of the package has made it`
}

/** Whoever may not make a schema can be given one. */
function createSchema (name: string): string {
  return `DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = '${name.replaceAll("'", "''")}') THEN CREATE SCHEMA ${quoted(name)}; END IF;
    END $$;
    CREATE TABLE ${quoted(name)}.migrations (version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())`
}
