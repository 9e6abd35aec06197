// An app that saves each message and completes its event in one transaction, and is killed in it: which step of it, the message says.
import { flushCompileCache } from 'node:module'
import Fastify from 'fastify'
import pg from 'pg'
import webhooks from '../../../index.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { saverOf } from '../../helpers/savers.ts'
import type { Driver } from '../../helpers/savers.ts'
import { endingPool } from '../helpers/ends-in.ts'
import type { Step } from '../helpers/ends-in.ts'
import { until } from '../helpers/until.ts'
import type { StepName } from './kills.ts'

const [driver, directory = '', url = '', schema = ''] = process.argv.slice(2)

const STEPS: Record<StepName, Step> = {
  saved: { statement: 'insert into', isAnswered: true },
  completed: { statement: '.complete(', isAnswered: true },
  committing: { statement: 'commit', isAnswered: false },
  committed: { statement: 'commit', isAnswered: true }
}

let step: Step | undefined
const pool = endingPool(url, () => step)
const calls = new pg.Pool({ connectionString: url, max: 1 })
const save = await saverOf(driver as Driver, directory, pool)
const app = Fastify()
await app.register(webhooks, { inbox: postgresInbox({ connectionString: url, schema, lease: 1_000 }), concurrency: 1 })
app.webhooks.on('newMessage', async function saves (event, context) {
  const { rows: [row] } = await calls.query<{ isFirst: boolean }>('INSERT INTO calls SELECT $1 RETURNING NOT EXISTS (SELECT FROM calls WHERE id = $1) AS "isFirst"', [context.id])
  step = row?.isFirst === true ? STEPS[event.message.content as StepName] : undefined // as kills.ts writes them
  await save(event, context)
  step = undefined
})
flushCompileCache() // Node does that when a process ends, but these are killed
await app.listen({ port: 0, host: '127.0.0.1' })
await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
process.exit()
