// An app that saves each message and completes its event in one transaction, and is killed in it: which step of it, the message says.
import Fastify from 'fastify'
import pg from 'pg'
import webhooks from '../../../index.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { saverOf } from '../../helpers/savers.ts'
import type { Driver } from '../../helpers/savers.ts'
import type { Step } from './kills.ts'

const [driver, directory = '', url = '', schema = ''] = process.argv.slice(2)

/** By what the statement has in it, and whether the server has answered it. */
const STEPS: Record<Step, { statement: string, isAnswered: boolean }> = {
  saved: { statement: 'insert into', isAnswered: true },
  completed: { statement: '.complete(', isAnswered: true },
  committing: { statement: 'commit', isAnswered: false },
  committed: { statement: 'commit', isAnswered: true }
}

/** In which step the process ends. */
let last: Step | undefined

function end (): void {
  process.kill(process.pid, 'SIGKILL')
}

const pool = new pg.Pool({ connectionString: url })
pool.on('connect', (client) => {
  const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown> // of its signatures, the drivers use those with a promise
  Object.assign(client, {
    query: async (...args: [string | { text: string }, ...unknown[]]) => {
      const [asked] = args
      const step = last === undefined ? undefined : STEPS[last]
      const isLast = step !== undefined && (typeof asked === 'string' ? asked : asked.text).toLowerCase().includes(step.statement)
      const answer = query(...args)
      if (isLast && !step.isAnswered) setImmediate(end) // when it is sent
      const result = await answer
      if (isLast) end()
      return result
    }
  })
})
const calls = new pg.Pool({ connectionString: url, max: 1 })
const save = await saverOf(driver as Driver, directory, pool)
const app = Fastify()
await app.register(webhooks, { inbox: postgresInbox({ connectionString: url, schema, lease: 1_000 }), concurrency: 1 })
app.webhooks.on('newMessage', async function saves (event, context) {
  const { rows: [row] } = await calls.query<{ isFirst: boolean }>('INSERT INTO calls SELECT $1 RETURNING NOT EXISTS (SELECT FROM calls WHERE id = $1) AS "isFirst"', [context.id])
  last = row?.isFirst === true ? event.message.content as Step : undefined
  await save(event, context)
  last = undefined
})
await app.listen({ port: 0, host: '127.0.0.1' })
