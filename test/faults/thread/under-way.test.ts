import { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp, gate } from '../../helpers/app.ts'
import { job } from '../helpers/client.ts'
import { conversations, drained, hear, startApp } from '../helpers/thread-app.ts'
import { lastThread } from '../helpers/threads.ts'
import { until } from '../helpers/until.ts'

test('an event whose listener runs while the thread dies is settled, and those behind it follow', async (t) => {
  const { app, path, heard, connect } = await startApp(t)
  const client = await connect()
  const [entered, held] = [gate(), gate()]
  hear(app, heard, async ({ n }) => {
    if (n !== 0) return
    entered.resolve(undefined)
    await held.promise
  })
  for (const n of [0, 1, 2]) await client.post(job('a', n))
  await entered.promise
  await lastThread().terminate()
  t.match(await client.post(job('a', 3)), { statusCode: 503, body: { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' } })
  await until(async () => (await client.post(job('a', 3))).statusCode === 200)
  await client.post(job('b', 1))
  await until(() => heard.some(({ conversation }) => conversation.id === 'b'))
  t.same(conversations(heard), { b: [1] }, 'its conversation is still held')
  held.resolve(undefined)
  await drained(app)
  t.same(conversations(heard), { a: [0, 1, 2, 3], b: [1] })
  await app.close()
  const next = await createApp(t, { inbox: sqliteInbox({ path }) })
  hear(next.app, heard)
  await next.app.ready()
  t.match(await next.app.webhooks.inbox.stats(), { pending: 0, done: 5 })
  t.equal(heard.length, 5)
})

test('an event whose listener finishes while the thread is away is settled', async (t) => {
  const { app, heard, connect } = await startApp(t)
  const client = await connect()
  const [entered, held] = [gate(), gate()]
  hear(app, heard, async ({ n }) => {
    if (n !== 0) return
    entered.resolve(undefined)
    await held.promise
  })
  for (const n of [0, 1]) await client.post(job('a', n))
  await entered.promise
  await lastThread().terminate()
  held.resolve(undefined)
  await until(async () => (await client.post(job('a', 2))).statusCode === 200)
  await drained(app)
  t.same(conversations(heard), { a: [0, 1, 2] })
})

test('what waits for another attempt when the thread dies keeps its place and its attempts', async (t) => {
  const { app, heard, connect } = await startApp(t, { retry: { attempts: 3, minDelay: 50, maxDelay: 50 } })
  const client = await connect()
  const attempts: number[] = []
  const failed = gate()
  hear(app, heard, ({ n }, attempt) => {
    if (n === 0) attempts.push(attempt)
    if (n !== 0 || attempt === 3) return
    failed.resolve(undefined)
    throw new Error('not yet')
  })
  for (const n of [0, 1]) await client.post(job('a', n))
  await failed.promise
  await lastThread().terminate()
  await until(async () => (await client.post(job('a', 2))).statusCode === 200)
  await drained(app)
  t.same(attempts, [1, 2, 3])
  t.same(conversations(heard), { a: [0, 1, 2] })
})
