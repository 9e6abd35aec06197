import type { Test } from 'tap'
import { PostgresServer } from '../../helpers/postgres.ts'

/** A PostgreSQL of its own, outside of a test. */
export async function startServer (): Promise<{ url: string, stop: () => Promise<void> }> {
  const ends: Array<() => unknown> = []
  const owner: Pick<Test, 'teardown'> = { teardown: (end) => { ends.push(end) } }
  const { url } = await PostgresServer.create(owner)
  const stop = async () => { for (const end of ends.reverse()) await end() }
  return { url, stop }
}
