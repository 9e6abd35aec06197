import { Database } from '../../inbox/postgres/database.ts'
import { openPool } from '../../inbox/postgres/pool.ts'
import { told } from './source.ts'

/** With a connection to where an inbox is, or is to be, which need not be one that can be looked into. */
export async function withDatabase<T> (connectionString: string, schema: string, work: (database: Database) => Promise<T>): Promise<T> {
  const { pool, close } = await openPool({ connectionString }, schema)
  const database = new Database(pool, { debug: () => {}, info: () => {} })
  try {
    return await told(schema, async () => await work(database))
  } finally {
    await database.close()
    await close()
  }
}
