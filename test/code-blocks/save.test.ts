import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { WebhooksOptions } from '../../index.ts'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import { newMessage } from '../../lib/testing/testing.ts'
import { until } from '../faults/helpers/until.ts'
import { createApp } from '../helpers/app.ts'
import { root } from '../helpers/package.ts'
import { openPool, postgresUrl, schemas } from '../helpers/postgres.ts'
import { saverOf, TABLE } from '../helpers/savers.ts'
import type { Driver } from '../helpers/savers.ts'
import { directory, files } from './helpers/files.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const pool = openPool(tap, url)
await pool.query(TABLE)

type Build = (options: { pool: pg.Pool, secret: string }) => Promise<FastifyInstance>

test('save.mjs runs', async (t) => {
  const { build } = await import(pathToFileURL(join(directory, 'save.mjs')).href) as { build: Build } // as the block has it
  const app = await build({ pool, secret: 'key' })
  t.teardown(async () => { await app.close() })
  await saves(t, app, 'by build')
})

test('save-kysely.mjs runs', async (t) => { await saves(t, await appWith(t, 'Kysely'), 'Kysely') })

test('save-drizzle.mjs runs', async (t) => { await saves(t, await appWith(t, 'Drizzle'), 'Drizzle') })

test('save-prisma.mjs runs', async (t) => { await saves(t, await appWith(t, 'Prisma'), 'Prisma') })

test('commit.mjs runs', async (t) => {
  type Transaction = (work: (query: (sql: string, values: unknown[]) => Promise<unknown>) => Promise<void>) => Promise<void>
  const { saveOnce } = await import(pathToFileURL(join(directory, 'commit.mjs')).href) as { saveOnce: (app: FastifyInstance, transaction: Transaction) => void } // as the block has it
  const { app } = await createApp(t, { inbox: postgresInbox({ connectionString: url, schema: newSchema() }) })
  saveOnce(app, async (work) => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await work(async (sql, values) => await client.query(sql, values))
      await client.query('COMMIT')
    } finally {
      client.release()
    }
  })
  await saves(t, app, 'by README')
})

async function appWith (t: Test, driver: Driver): Promise<FastifyInstance> {
  const inbox: WebhooksOptions['inbox'] = postgresInbox({ connectionString: url, schema: newSchema() })
  const { app } = await createApp(t, { inbox })
  const save = await saverOf(driver, directory, pool)
  app.webhooks.on('newMessage', async function saveMessage (event, context) { await save(event, context) })
  return app
}

async function saves (t: Test, app: FastifyInstance, content: string): Promise<void> {
  await app.ready()
  const { id } = await app.webhooks.receive(newMessage({ message: { content } }))
  await until(async () => (await app.webhooks.inbox.stats()).done === 1)
  t.same((await pool.query('SELECT * FROM messages WHERE id = $1', [id])).rows, [{ id, content }])
}

test('the calls of completeIn are those that are checked with the types of each driver', (t) => {
  const checked = readFileSync(join(root, 'test/types/complete-in.tst.ts'), 'utf8')
  const calls = files.filter(({ file }) => file !== 'commit.mjs').flatMap(({ code }) => code.split('\n').filter((line) => line.includes('.completeIn(')))
  t.equal(calls.length, 4)
  for (const call of calls) t.ok(checked.includes(call.trim()), call)
  t.end()
})
