import { scriptFor } from '../../inbox/postgres/migrate.ts'
import type { MigrateOptions, Progress } from '../../inbox/postgres/migrate.ts'
import { MIGRATIONS } from '../../inbox/postgres/migrations.ts'
import { prepareSchema, readVersion } from '../../inbox/postgres/schema.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { jsonOf } from '../terminal.ts'
import { withDatabase } from './database.ts'
import type { InboxOptions } from './options.ts'

type Settings = Pick<MigrateOptions, 'migrations' | 'progressEvery'>

/** Brings the schema of a PostgreSQL inbox up to date, or prints the SQL that does. */
export async function migrate (options: InboxOptions, io: Io, settings: Settings = { migrations: MIGRATIONS }): Promise<number> {
  if (options.sql) return await print(options, io, settings)
  const { db, schema, json } = options
  const { from, to } = await withDatabase(db, schema, async (database) => await prepareSchema(database, schema, {
    ...settings,
    signal: io.signal,
    onProgress: (progress) => { io.stderr.write(`${lineOf(progress)}\n`) }
  }))
  io.stdout.write(json ? `${jsonOf({ from, to })}\n` : `${from === to ? `version ${to} already` : `from ${nameOf(from)} to version ${to}`}\n`)
  return EXIT.ok
}

/** Without an address: all of it. */
async function print ({ db, schema }: InboxOptions, { stdout }: Io, { migrations }: Settings): Promise<number> {
  const from = db === '' ? 0 : await withDatabase(db, schema, async (database) => (await readVersion(database, schema, migrations.length)).version)
  if (from >= migrations.length) stdout.write(`-- version ${from} already\n`)
  else stdout.write(`-- from ${nameOf(from)} to version ${migrations.length}\n${scriptFor(schema, from, migrations)}`)
  return EXIT.ok
}

function lineOf ({ isWaiting, from, to, seconds }: Progress): string {
  return `${isWaiting ? 'waiting for another process, which migrates' : `from ${nameOf(from)} to version ${to}`}: ${seconds} s`
}

function nameOf (version: number): string {
  return version === 0 ? 'nothing' : `version ${version}`
}
