// Checks server and version. In SQLite, store/schema.ts does that, and has the tables, too.
import { codeOf } from '../../errors/error-of.ts'
import { InboxUnusableError } from '../../errors/errors.ts'
import type { Database } from './database.ts'
import { NOT_ALLOWED, reasonOf } from './error-kind.ts'
import { migrate } from './migrate.ts'
import type { MigrateOptions } from './migrate.ts'
import { MIGRATIONS } from './migrations.ts'
import type { PostgresClient } from './pool.ts'
import { query } from './query.ts'
import { versionOf } from './schema-version.ts'
import type { Version } from './schema-version.ts'

export const OLDEST_SERVER = 14

interface PrepareOptions extends Partial<MigrateOptions> {
  readonly oldestServer?: number
}

/**
 * Sees to it that the schema is there, and that this version of the package works with it. Returns the version that it was of, and the
 * one that it is of now.
 */
export async function prepareSchema (database: Database, name: string, options: PrepareOptions = {}): Promise<{ from: number, to: number }> {
  const { oldestServer = OLDEST_SERVER, migrations = MIGRATIONS } = options
  let found: Version | undefined
  try {
    return await database.use(async (client) => {
      await checkServer(client, oldestServer)
      found = await versionOf(client, name)
      if (found.version < migrations.length) found = await migrate(database, client, name, found.version, { ...options, migrations })
      checkVersion(found, migrations.length)
      return { from: found.version, to: Math.max(found.version, migrations.length) }
    })
  } catch (error) {
    options.signal?.throwIfAborted()
    const unusable = new InboxUnusableError(name, reasonOf(error) + remedyOf(error, found))
    unusable.cause = error
    throw unusable
  }
}

/** Sees to it that the schema is there, and that this version of the package works with it. It changes nothing. */
export async function checkSchema (database: Database, name: string, known = MIGRATIONS.length): Promise<void> {
  const found = await readVersion(database, name, known)
  if (found.version === 0) throw new InboxUnusableError(name, 'there is no such inbox in this database')
  if (found.version < known) {
    throw new InboxUnusableError(name, `its version is ${found.version}, and this package needs ${known}: start the app with this version of the package, or run '${MIGRATE}'`)
  }
}

/** The version that a schema is of, unless it is one that this version of the package does not work with. */
export async function readVersion (database: Database, name: string, known: number): Promise<Version> {
  const found = await database.use(async (client) => await versionOf(client, name))
  try {
    checkVersion(found, known)
  } catch (error) {
    throw new InboxUnusableError(name, reasonOf(error))
  }
  return found
}

async function checkServer (client: PostgresClient, oldest: number): Promise<void> {
  const [row] = await query(client, `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only, $1::integer AS number`, [42])
  if (row?.number !== '42') throw new Error('its pool wants binary results, and must not: leave out `binary`')
  if (Number(row.version) < oldest * 10_000) throw new Error(`PostgreSQL ${oldest} or later is needed`)
  if (row.encoding !== 'UTF8') throw new Error(`the database's encoding is ${String(row.encoding)}, and must be UTF8`)
  if (row.read_only === 't') throw new Error('the server is read-only: a replica, perhaps, and not the primary')
}

/** A newer version may have left all that this one needs. */
function checkVersion ({ version, worksWith }: Version, known: number): void {
  if (version <= known || worksWith <= known) return
  throw new Error(`its version is ${version}, and the oldest package that works with it knows ${worksWith}. This one knows ${known}: ` +
    'install the newer version of the package again, or restore a backup from before')
}

/** What every process needs, after the server's own message. */
const READS_AND_WRITES = '. The role needs USAGE of the schema and its sequence, and SELECT, INSERT, UPDATE and DELETE on its tables'

const MIGRATE = 'fastify-oneroute-webhooks inbox migrate'
/** Of a table, of a type or an index, and of a function. */
const TAKEN = new Set(['42P07', '42710', '42723'])

/** What to do about an error of the server. `found` is undefined if the version could not be read. */
function remedyOf (error: unknown, found: Version | undefined): string {
  const code = codeOf(error)
  if (TAKEN.has(code) && found?.version === 0) return ', and is not of this package: give the inbox a schema of its own'
  if (code !== NOT_ALLOWED) return ''
  if (found === undefined) return READS_AND_WRITES
  const right = found.version === 0
    ? 'There is no inbox yet. To make it, a role needs CREATE on the database, or on a schema that is there'
    : `The inbox is of version ${found.version}, and has to be brought up to date. For that, a role has to own the schema and what is in it`
  return `. ${right}: run '${MIGRATE}' as such a role`
}
