import { Database } from '../../inbox/postgres/database.ts'
import { openPool } from '../../inbox/postgres/pool.ts'
import { withInboxName } from './source.ts'

interface OpenDatabase {
  readonly database: Database
  readonly close: () => Promise<void>
}

/** A command prints its answer, and nothing of how it came to it. */
function quiet (): void {}

/** Where an inbox is, or is to be. */
export async function openDatabase (connectionString: string, schema: string): Promise<OpenDatabase> {
  const { pool, close } = await openPool({ connectionString }, schema)
  const database = new Database(pool, { debug: quiet, info: quiet })
  return {
    database,
    close: async () => {
      await database.close()
      await close()
    }
  }
}

/** For what needs no inbox that can be looked into. */
export async function withDatabase<T> (connectionString: string, schema: string, work: (database: Database) => Promise<T>): Promise<T> {
  const { database, close } = await openDatabase(connectionString, schema)
  try {
    return await withInboxName(schema, async () => await work(database))
  } finally {
    await close()
  }
}
