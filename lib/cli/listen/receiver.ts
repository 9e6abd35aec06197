import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { webhooks } from '../../../index.ts'
import type { Inbox } from '../../inbox/inbox.ts'
import { memoryInbox } from '../../inbox/memory/inbox.ts'
import { inspector } from '../../observe/inspector/inspector.ts'
import { isPostgres } from '../inbox/where.ts'
import type { ListenOptions } from './options.ts'

/** Events that are kept in memory to be looked at. */
const HISTORY = 1_000

/** Where the page is that shows them. */
export const INSPECTOR = '/inspector'

/** An app that takes events in, and shows them to this machine. What goes wrong is written to `log`, a line of JSON each. */
export async function createReceiver (options: ListenOptions, log: { write (line: string): void }): Promise<FastifyInstance> {
  const { path, secret, redact } = options
  const app = Fastify({ logger: { level: 'warn', stream: log } })
  await app.register(webhooks, { path, ...secret !== undefined && { secret }, inbox: await inboxOf(options) })
  await app.register(inspector, { prefix: INSPECTOR, authorize: 'loopback', redact: [...redact] })
  return app
}

async function inboxOf ({ db, schema }: ListenOptions): Promise<Inbox> {
  if (db === undefined) return memoryInbox({ history: HISTORY })
  if (isPostgres(db)) return (await import('../../inbox/postgres/inbox.ts')).postgresInbox({ connectionString: db, schema })
  return (await import('../../inbox/sqlite/inbox.ts')).sqliteInbox({ path: db, wait: 0 })
}
