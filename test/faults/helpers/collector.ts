import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { CollectContext, Webhooks } from '../../../index.ts'
import type { Collected, Collecting } from './messages.ts'

/** What is done with a burst is in its first event, as for listeners: `fails` says how often it fails, `turns` and `pause` how long it takes. */
interface Job {
  conversation: { id: string }
  n: number
  fails?: number
  turns?: number
  pause?: number
}

/** Adds a collector that notes the bursts that it gets. */
export function collectWith (webhooks: Webhooks, { options, saves }: Collecting, note: (line: Omit<Collected, 'pid' | 'at'>) => void): void {
  const pool = saves === undefined ? undefined : new pg.Pool({ connectionString: saves.connectionString, allowExitOnIdle: true })
  pool?.on('error', () => {})
  webhooks.collect('event', options, async function answer (events, context) {
    const { attempt } = context
    const jobs = events as ReadonlyArray<unknown> as readonly [Job] // what the tests post
    const [{ conversation: { id: conversation }, n, fails = 0, turns = 0, pause = 0 }] = jobs
    const noted = (what: Collected['what']) => { note({ what, conversation, ns: jobs.map(({ n }) => n), attempt }) }
    const work = async () => {
      for (let i = 0; i < turns; i++) await turn()
      if (pause > 0) await sleep(pause)
      noted(attempt <= fails ? 'collecting failed' : 'collected') // before it is committed: a process that is killed then does it again
      if (attempt <= fails) throw new Error('as it was told')
    }
    noted('collecting')
    if (pool === undefined) await work()
    else await save(pool, jobs, context, work)
    if (pool !== undefined && n % 10 === 1) throw new Error('what is committed counts all the same')
  })
}

/** Saves each event, and completes them, in one transaction. */
async function save (pool: pg.Pool, jobs: readonly Job[], context: CollectContext, work: () => Promise<void>): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    for (const { conversation: { id }, n } of jobs) await client.query('INSERT INTO collected VALUES ($1, $2)', [id, n])
    await context.completeIn((sql, values) => client.query(sql, values))
    await work()
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}
