// Only PostgreSQL: a migration takes time there, beside other processes, and perhaps by somebody else's hand. SQLite's is in store/schema.ts.
import type { FastifyBaseLogger } from 'fastify'
import { ignore } from '../../errors/error-of.ts'
import type { Database } from './database.ts'
import { reasonOf } from './error-kind.ts'
import { quoted } from './identifiers.ts'
import type { Migration } from './migrations.ts'
import type { PostgresClient } from './pool.ts'
import { query, UNLIMITED } from './query.ts'
import { createTable, expectVersion, insertVersion, versionOf } from './schema-version.ts'
import type { Version } from './schema-version.ts'

/** Between two calls of `onProgress`, in milliseconds. */
const PROGRESS_EVERY = 10_000

/** How far a migration is. */
export interface Progress {
  /** Whether it waits for the migration of another process. */
  readonly isWaiting: boolean
  /** The version of the schema. */
  readonly from: number
  /** The version that it is to have. */
  readonly to: number
  readonly seconds: number
}

export interface MigrateOptions {
  readonly migrations: readonly Migration[]
  /** Called again and again while it takes. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** How often, in milliseconds. @default 10000 */
  readonly progressEvery?: number | undefined
  /** When it is aborted, the server is told to stop, and nothing is changed. */
  readonly signal?: AbortSignal | undefined
}

export function logProgress (log: Pick<FastifyBaseLogger, 'info'>, schema: string): (progress: Progress) => void {
  return ({ isWaiting, ...progress }) => {
    if (isWaiting) log.info({ schema, ...progress }, 'another process brings the schema of the inbox up to date, and this one waits for it')
    else log.info({ schema, ...progress }, 'the schema of the inbox is being brought up to date')
  }
}

/** Brings a schema to the newest version, and takes the time that it needs. Returns the version that it was of. */
export async function migrate (database: Database, client: PostgresClient, name: string, from: number, options: MigrateOptions): Promise<Version> {
  const { migrations, onProgress, progressEvery = PROGRESS_EVERY } = options
  const began = performance.now()
  let isWaiting = true
  const timer = setInterval(() => {
    onProgress?.({ isWaiting, from, to: migrations.length, seconds: Math.round((performance.now() - began) / 1_000) })
  }, progressEvery)
  try {
    return await inTransaction(database, client, name, options, () => { isWaiting = false })
  } finally {
    clearInterval(timer)
  }
}

async function inTransaction (database: Database, client: PostgresClient, name: string, { migrations, signal }: MigrateOptions, onTurn: () => void): Promise<Version> {
  const run = async (statement: string) => {
    signal?.throwIfAborted()
    await query(client, statement, [], UNLIMITED)
  }
  try {
    await run(BEGIN)
    return await stoppedBy(signal, database, client, async () => {
      await run(WITHOUT_LIMITS)
      await run(lock(name))
      onTurn()
      const found = await versionOf(client, name)
      for (const statement of missing(name, found.version, migrations)) await run(statement)
      await run('COMMIT')
      return found
    })
  } catch (error) {
    await rollBack(client, error)
    throw error
  }
}

/** When the signal is aborted, the server is told to stop what this connection has under way. It is told nothing after the work. */
async function stoppedBy<T> (signal: AbortSignal | undefined, database: Database, client: PostgresClient, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return await work()
  const [backend] = await query(client, 'SELECT pg_catalog.pg_backend_pid() AS pid')
  let stopping: Promise<unknown> | undefined
  const stop = () => {
    stopping = database.run('SELECT pg_catalog.pg_cancel_backend($1)', [backend?.pid]).catch(ignore) // then it stops after the statement
  }
  signal.addEventListener('abort', stop, { once: true })
  return await work().finally(async () => {
    signal.removeEventListener('abort', stop)
    await stopping
  })
}

/** If that fails, the connection may still be in its transaction. An error that has no SQLSTATE has it closed. */
async function rollBack (client: PostgresClient, error: unknown): Promise<void> {
  await query(client, 'ROLLBACK').catch(() => { throw new Error(reasonOf(error), { cause: error }) })
}

/** The same for somebody else to run. It does nothing if the schema is of another version by then. */
export function scriptFor (name: string, from: number, migrations: readonly Migration[]): string {
  const guard = from === 0 ? [] : [expectVersion(name, from)]
  return [BEGIN, WITHOUT_LIMITS, lock(name), ...guard, ...missing(name, from, migrations), 'COMMIT'].map((statement) => `${statement.trim().replace(/;$/, '')};\n`).join('')
}

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED'

/** Whatever the server, the role or the pool says. Not all servers have all of these settings. */
const WITHOUT_LIMITS = `DO $$ BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  PERFORM set_config(name, '0', true) FROM pg_settings
    WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
END $$`

/** One after the other: whoever comes second finds it done. Until the transaction is over. */
function lock (name: string): string {
  return `DO $$ BEGIN PERFORM pg_advisory_xact_lock(hashtextextended('fastify-oneroute-webhooks ' || ${literal(name)}, 0)); END $$`
}

function missing (name: string, from: number, migrations: readonly Migration[]): string[] {
  return [
    ...from === 0 ? [createSchema(name), createTable(name)] : [],
    ...migrations.flatMap(({ sql, worksWith }, i) => i < from ? [] : [sql(quoted(name)), insertVersion(name, { version: i + 1, worksWith })])
  ]
}

/** Whoever may not make a schema can be given one. `IF NOT EXISTS` would want the right all the same. */
function createSchema (name: string): string {
  return `DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = ${literal(name)}) THEN CREATE SCHEMA ${quoted(name)}; END IF;
  END $$`
}

/** No name has a `$`, which would end the text around it. */
function literal (name: string): string {
  return `'${name.replaceAll("'", "''")}'`
}
