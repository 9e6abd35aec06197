import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import { memoryInbox } from '../../index.ts'
import { newMessage, sign } from '../../lib/testing/testing.ts'
import { createApp } from '../helpers/app.ts'
import { run } from '../helpers/package.ts'
import { postgresUrl } from '../helpers/postgres.ts'
import { directory } from './helpers/files.ts'
import { post, start } from './helpers/running.ts'

test('backup.mjs runs', async (t) => {
  const server = await start(t, 'server.mjs', { ONEROUTE_SECRET: 'key' })
  const body = JSON.stringify(newMessage({ message: { content: 'to be kept' } }))
  t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  const { code, output } = await run(directory, process.execPath, 'backup.mjs')
  t.equal(code, 0, output)
  t.equal(statSync(join(directory, 'backup.db')).mode & 0o777, 0o600, 'for its owner only')
  const again = await run(directory, process.execPath, 'backup.mjs')
  t.match(again, { code: 1, output: /EEXIST/ }, 'it overwrites nothing')
  const backup = new DatabaseSync(join(directory, 'backup.db'))
  t.teardown(() => { backup.close() })
  t.match(backup.prepare('SELECT count(*) AS count FROM bodies WHERE CAST(body AS TEXT) = ?').get(body), { count: 1 })
})

test('many.mjs runs', async (t) => {
  const env = { ONEROUTE_SECRET: 'key', DATABASE_URL: await postgresUrl(t) }
  const servers = [await start(t, 'many.mjs', env), await start(t, 'many.mjs', env)]
  const body = JSON.stringify(newMessage({ message: { content: 'for one of them' } }))
  for (const { url } of servers) t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await Promise.any(servers.map(async ({ printed }) => { await printed('for one of them') }))
})

test('refunds.ts runs', async (t) => {
  const { idsOfRefunds } = await import(pathToFileURL(join(directory, 'refunds.ts')).href) as { idsOfRefunds: (app: FastifyInstance) => Promise<string[]> } // as the block has it
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 10 }) })
  app.webhooks.on('event', () => {})
  const receive = async (content: string) => (await app.webhooks.receive(newMessage({ message: { content } }))).id
  const ids = [await receive('Where is my Refund?'), await receive('another refund'), await receive('thank you')]
  t.same(await idsOfRefunds(app), [ids[1], ids[0]])
})
