import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { post, turns } from '../../helpers/app.ts'
import { job } from '../helpers/client.ts'
import { folder } from '../helpers/folder.ts'
import { isLocked, LOCKED } from '../helpers/locked.ts'

function create (t: Test, inbox: ReturnType<typeof sqliteInbox>): FastifyInstance {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  void app.register(webhooks, { inbox })
  return app
}

test('a second inbox in the same process is refused, and the first one keeps its file from others', async (t) => {
  const dir = folder(t)
  const [path, link] = [join(dir, 'inbox.db'), join(dir, 'link.db')]
  writeFileSync(path, '')
  symlinkSync(path, link)
  const first = create(t, sqliteInbox({ path }))
  await first.ready()
  for (const name of [path, link]) await t.rejects(async () => { await create(t, sqliteInbox({ path: name, wait: 0 })).ready() }, LOCKED)
  t.equal((await post(first, job('a', 0))).statusCode, 200)
  await isLocked(t, path)
  await first.close()
  const next = create(t, sqliteInbox({ path: link }))
  await next.ready()
  t.match(await next.webhooks.inbox.stats(), { pending: 1 })
})

test('an inbox is for one plugin at a time, and can be opened again after it was closed', async (t) => {
  const inbox = sqliteInbox({ path: join(folder(t), 'inbox.db') })
  const first = create(t, inbox)
  await first.ready()
  const second = create(t, inbox)
  await t.rejects(async () => { await second.ready() }, LOCKED)
  await second.close()
  t.equal((await post(first, job('a', 0))).statusCode, 200, 'the first one works on')
  await first.close()
  const heard: unknown[] = []
  for (const n of [1, 2]) {
    const next = create(t, inbox)
    await next.after()
    next.webhooks.on('event', (event) => { heard.push(event) })
    await next.ready()
    t.equal((await post(next, job('a', n))).statusCode, 200)
    while ((await inbox.stats()).pending > 0) await turns()
    await next.close()
  }
  t.match(heard, [{ n: 0 }, { n: 1 }, { n: 2 }])
})
