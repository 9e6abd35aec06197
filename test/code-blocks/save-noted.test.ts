import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { resolveSqliteOptions } from '../../lib/inbox/sqlite/options.ts'
import { newMessage, post } from '../../lib/testing/testing.ts'
import { resolveOptions } from '../../lib/webhooks/options.ts'
import { folder } from '../faults/helpers/folder.ts'
import { until } from '../faults/helpers/until.ts'
import { createApp } from '../helpers/app.ts'
import { postgresSaver, sqliteSaver } from '../helpers/noting-savers.ts'
import type { NotingSaver } from '../helpers/noting-savers.ts'
import { openPool, postgresUrl } from '../helpers/postgres.ts'
import { directory, files } from './helpers/files.ts'

const event = newMessage({ message: { content: 'hey' } })

/** The same of every database: the statements are read by both. */
async function savesOnce<Db> (t: Test, { save, removeOld }: NotingSaver<never, Db>, db: Db, ask: (sql: string) => Promise<unknown[]> | unknown[], daysAgo: (days: number) => string): Promise<void> {
  const { app } = await createApp(t)
  app.webhooks.on('newMessage', async function saveMessage (event, context) { await save(db, event, context) })
  const id = await postedTwice(app)
  t.same(await ask('SELECT id, content FROM messages'), [{ id, content: 'hey' }])

  await ask(`INSERT INTO handled VALUES ('b', 'another', ${daysAgo(0)})`)
  await save(db, event, { id: 'b' })
  t.same(await ask("SELECT id FROM messages WHERE id = 'b'"), [{ id: 'b' }], 'another listener of the event has noted its own')

  await ask('ALTER TABLE messages RENAME TO renamed')
  await t.rejects(async () => { await save(db, event, { id: 'c' }) }, { message: /messages/ })
  await ask('ALTER TABLE renamed RENAME TO messages')
  t.same(await ask("SELECT id FROM handled WHERE id = 'c'"), [], 'nothing is noted of what is not saved')
  await save(db, event, { id: 'c' })
  t.same(await ask("SELECT id FROM messages WHERE id = 'c'"), [{ id: 'c' }])

  await ask(`UPDATE handled SET at = ${daysAgo(39)} WHERE id = 'b'`)
  await ask(`UPDATE handled SET at = ${daysAgo(41)} WHERE id = 'c'`)
  await removeOld(db)
  t.same(await ask("SELECT DISTINCT id FROM handled WHERE id IN ('b', 'c')"), [{ id: 'b' }])
}

async function postedTwice (app: FastifyInstance): Promise<string> {
  const reply = await post(app, event, { deliveries: 2 })
  return reply.json<{ id: string }>().id
}

test('save-sqlite.mjs runs', async (t) => {
  const saver = await sqliteSaver(directory)
  const db = await saver.open(join(folder(t), 'app.db'))
  await savesOnce(t, saver, db, (sql) => db.prepare(sql).all().map((row) => ({ ...row })), (days) => `unixepoch('now', '-${days} days')`)
})

test('save-elsewhere.mjs runs', async (t) => {
  const saver = await postgresSaver(directory)
  const pool = openPool(t, await postgresUrl(tap))
  await saver.open(pool)
  const ask = async (sql: string) => (await pool.query<{ n: number }>(sql)).rows
  await savesOnce(t, saver, pool, ask, (days) => `now() - interval '${days} days'`)

  for (const [id, end] of [['d', 'COMMIT'], ['e', 'ROLLBACK']] as const) {
    const other = await pool.connect()
    await other.query('BEGIN')
    await other.query("INSERT INTO handled VALUES ($1, 'saveMessage', now())", [id])
    const saving = saver.save(pool, event, { id })
    await until(async () => (await ask('SELECT FROM pg_locks WHERE NOT granted')).length > 0)
    await other.query(end)
    other.release()
    await saving
  }
  t.same(await ask("SELECT id FROM messages WHERE id IN ('d', 'e')"), [{ id: 'e' }], 'it waits for a process that is at the same event')
})

test('ids are kept for longer than an event can be retried and then replayed, by default', (t) => {
  const [{ retry: { giveUpAfter } }, { keepFailed }] = [resolveOptions({}), resolveSqliteOptions({ path: 'inbox.db' })]
  for (const name of ['save-sqlite.mjs', 'save-elsewhere.mjs']) {
    const [, days] = /\b(\d+) days/.exec(files.find(({ file }) => file === name)?.code ?? '') ?? []
    t.ok(Number(days) * 86_400_000 > giveUpAfter + keepFailed, name)
  }
  t.end()
})
