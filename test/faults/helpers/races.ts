import pg from 'pg'
import type { Test } from 'tap'
import type { Claim, Inbox, Outcome } from '../../../index.ts'
import { openInbox, openPool, schemas } from '../../helpers/postgres.ts'
import { until } from './until.ts'

export const allDone = ({ events }: Claim): Outcome[] => events.map(({ seq }) => ({ seq, state: 'done', dueAt: null, completed: [], error: null }))

/** Takes what there is, and has it done. */
export async function deliverAll (inbox: Inbox | undefined): Promise<string[]> {
  const claims = await inbox?.claim(64) ?? []
  for (const claim of claims) await inbox?.settle(claim, allDone(claim))
  return claims.flatMap(({ events }) => events.map(({ id }) => id)).sort()
}

/** What a file about races on one server uses. */
export function racesOn (tap: Test, url: string) {
  const newSchema = schemas(tap, url)
  const admin = openPool(tap, url)

  /** Inboxes of several processes, as it were. */
  async function share (t: Test, count: number, lease = 30_000) {
    const schema = newSchema()
    const inboxes = await Promise.all(Array.from({ length: count }, async () => await openInbox(t, { connectionString: url, schema, lease })))
    return { inboxes, tables: pg.escapeIdentifier(schema) }
  }

  /** Until this waits for what the transaction has locked, or is through. */
  async function waits (work: unknown, client: pg.PoolClient): Promise<void> {
    const { rows: [self] } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    let through = false
    void Promise.resolve(work).finally(() => { through = true })
    await until(async () => {
      const { rowCount } = await admin.query('SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))', [self?.pid])
      return through || rowCount !== 0
    })
  }

  return { newSchema, admin, share, waits }
}
