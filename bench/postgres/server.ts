import pg from 'pg'
import { startChild } from '../child.ts'
import { createDatabase, type Database } from './database.ts'
import type { Running } from './embedded.ts'
import { processorTimeOf } from './processor-time.ts'
import { descriptionOf, type Description } from './settings.ts'

/** One PostgreSQL for all that is measured in a run. */
export interface Postgres {
  description: Description
  createDatabase: () => Promise<Database>
  /** Of all its processes, in microseconds since some time; left out if they cannot be seen from here. */
  processorTime?: () => number
  stop: () => Promise<void>
}

/** The server that PG_URL names, or one that is started for this, on all cores: so before this process is pinned to one. */
export async function openPostgres (): Promise<Postgres> {
  const given = process.env.PG_URL
  const { url, pid, stop } = given === undefined ? await startOwn() : { url: given, pid: undefined, stop: async () => {} }
  const admin = new pg.Client(url)
  await admin.connect()
  return {
    description: { ...await descriptionOf(admin), started: given === undefined },
    createDatabase: () => createDatabase(admin, url),
    ...pid !== undefined && process.platform === 'linux' && { processorTime: () => processorTimeOf(pid) },
    stop: async () => {
      await admin.end()
      await stop()
    }
  }
}

async function startOwn () {
  const { answer, stop } = startChild('postgres/embedded.ts', [], { detached: true })
  // embedded.ts sends nothing else.
  const { url, pid } = await answer() as Running
  return { url, pid, stop }
}
