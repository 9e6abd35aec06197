import { startContestant } from '../contestant.ts'
import type { Variant } from '../variants.ts'
import type { Postgres } from './server.ts'

/** A server on a database of its own, which is gone when the server is stopped. */
export async function startOnPostgres (variant: Variant, { createDatabase, processorTime }: Postgres) {
  const database = await createDatabase()
  const contestant = await startContestant(variant, database.url, processorTime)
  return {
    ...contestant,
    stop: async () => {
      await contestant.stop()
      await database.drop()
    }
  }
}
