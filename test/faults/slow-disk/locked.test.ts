import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import tap, { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp } from '../../helpers/app.ts'
import { listen } from '../../helpers/http.ts'
import { Client, job } from '../helpers/client.ts'
import { folder } from '../helpers/folder.ts'
import { until } from '../helpers/until.ts'

tap.jobs = 2 // one of them waits until the store gives a commit up, and they share nothing

test('while a commit has to wait nothing is answered 200 or delivered, and the app goes on answering', async (t) => {
  const path = join(folder(t), 'inbox.db')
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  const order: string[] = []
  app.webhooks.on('event', () => { order.push('delivered') })
  app.get('/alive', async () => ({}))
  const client = new Client(t, await listen(app))
  const other = new DatabaseSync(path)
  t.teardown(() => { other.close() })
  other.exec('BEGIN IMMEDIATE') // as long as this lasts, nobody else commits
  const posting = Array.from({ length: 5 }, async (_, i) => {
    const { statusCode } = await client.post(job(`${i}`, i))
    order.push(`answered ${statusCode ?? 'nothing'}`)
  })
  for (let i = 0; i < 100; i++) {
    const { statusCode } = await client.get('/alive')
    order.push(`alive ${statusCode ?? 'not'}`)
  }
  order.push('released')
  other.exec('ROLLBACK')
  await Promise.all(posting)
  await until(() => order.filter((what) => what === 'delivered').length === 5)
  t.same(order.slice(0, 101), [...Array.from({ length: 100 }, () => 'alive 200'), 'released'])
  t.same(order.slice(101).sort(), [...Array.from({ length: 5 }, () => 'answered 200'), ...Array.from({ length: 5 }, () => 'delivered')])
})

test('a commit that has to wait for too long is answered 503, and the next one is not', async (t) => {
  const path = join(folder(t), 'inbox.db')
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  const heard: unknown[] = []
  const client = new Client(t, await listen(app))
  const other = new DatabaseSync(path)
  t.teardown(() => { other.close() })
  other.exec('BEGIN IMMEDIATE')
  t.match(await client.post(job('a', 0)), { statusCode: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' } })
  other.exec('ROLLBACK')
  t.match(await client.post(job('a', 0)), { statusCode: 200, body: { status: 'accepted' } })
  app.webhooks.on('event', (event) => { heard.push(event) })
  await until(() => heard.length === 1)
})
