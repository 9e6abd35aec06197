import { fileURLToPath } from 'node:url'
import tap, { test } from 'tap'
import { directory } from '../../code-blocks/helpers/files.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { createApp, message } from '../../helpers/app.ts'
import { openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { TABLE } from '../../helpers/savers.ts'
import type { Driver } from '../../helpers/savers.ts'
import { runToTheEnd } from '../helpers/run-to-the-end.ts'

const APP = fileURLToPath(new URL('app.ts', import.meta.url))

/** After which step of the transaction the process ends. `committing`: the server has been told to commit, or not, and has not answered. */
const STEPS = ['saved', 'completed', 'committing', 'committed'] as const
export type StepName = typeof STEPS[number]

/** Kills an app in each step of its transaction, and looks for what it has saved. */
export async function testKillsWith (driver: Driver): Promise<void> {
  const url = await postgresUrl(tap)
  const schema = schemas(tap, url)()
  const pool = openPool(tap, url)
  await pool.query(`${TABLE}; CREATE TABLE calls (id text)`)

  test(`${driver}: whatever step of the transaction the process is killed in, what it saves is there once, and once that is committed, its listener is not called again`, async (t) => {
    const { app } = await createApp(t, { inbox: postgresInbox({ connectionString: url, schema }), deliver: false })
    await app.ready()
    const ids: Record<string, StepName> = {}
    for (const step of STEPS) ids[(await app.webhooks.receive(message(step, step))).id] = step
    t.same(await runToTheEnd(APP, driver, directory, url, schema), [...STEPS.map(() => 'SIGKILL'), 0])
    const count = async (table: string) => {
      const { rows } = await pool.query<{ id: string, n: number }>(`SELECT id, count(*)::integer AS n FROM ${table} GROUP BY id`)
      return Object.fromEntries(rows.map(({ id, n }) => [ids[id] ?? id, n]))
    }
    t.same(await count('messages'), { saved: 1, completed: 1, committing: 1, committed: 1 })
    t.match(await count('calls'), { saved: 2, completed: 2, committed: 1 })
    t.match(await app.webhooks.inbox.stats(), { done: STEPS.length, dead: 0 })
  })
}
