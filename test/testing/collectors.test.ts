import tap, { test } from 'tap'
import type { Test } from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { newMessage, post, settled } from '../../lib/testing/testing.ts'
import { until } from '../faults/helpers/until.ts'
import { createApp } from '../helpers/app.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

tap.jobs = 4 // they mostly wait

const HOUR = 3_600_000
const SLOW = { minDelay: 200_000, maxDelay: 200_000 }

const said = (content: string) => newMessage({ message: { content }, conversation: { id: 'c' } })

async function open (t: Test, most: number, act: () => void = () => {}) {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }), retry: SLOW })
  const heard: string[] = []
  const bursts: string[][] = []
  app.webhooks.on('newMessage', async function save ({ message: { content } }) { heard.push(String(content)) })
  app.webhooks.collect('newMessage', { quiet: HOUR, within: HOUR, most }, async function answer (events) {
    bursts.push(events.map(({ message: { content } }) => String(content)))
    act()
  })
  return { app, heard, bursts }
}

test('a quiet time is not waited for, and listeners are', async (t) => {
  const { app, heard, bursts } = await open(t, 20)
  for (const content of ['one', 'two']) {
    await post(app, said(content))
    await settled(app)
    t.equal(heard.at(-1), content, 'also behind what waits for collectors')
  }
  t.same(bursts, [])
  t.match(await app.webhooks.inbox.list(), [{ isCollected: true }, { isCollected: true }])
})

test('a burst that is full is waited for, whatever follows it', async (t) => {
  const { app, bursts } = await open(t, 2)
  for (const content of ['one', 'two', 'three']) await post(app, said(content))
  await settled(app)
  t.same(bursts, [['one', 'two']])
  t.match(await app.webhooks.inbox.stats(), { done: 2, pending: 1 })
})

test('a burst whose quiet time is over is waited for', async (t) => {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  const bursts: string[] = []
  app.webhooks.collect('newMessage', { quiet: 1 }, async function answer ([first]) { bursts.push(String(first.message.content)) })
  await post(app, said('one'))
  await settled(app)
  t.same(bursts, ['one'])
})

test('a burst that has failed is not waited for, nor is what waits behind it', async (t) => {
  const { app, heard, bursts } = await open(t, 2, () => { throw new Error('not yet') })
  for (const content of ['one', 'two']) await post(app, said(content))
  await settled(app)
  t.equal(bursts.length, 1)
  // The next burst is full, and waits for the first one.
  for (const content of ['three', 'four']) await post(app, said(content))
  await settled(app)
  t.same(heard, ['one', 'two', 'three', 'four'])
  t.match(await app.webhooks.inbox.stats(), { pending: 4, failing: 2 })
})

test('what is tried beside its conversation keeps nothing of it from being waited for', async (t) => {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }), retry: { ...SLOW, blockFor: 0 } })
  const heard: string[] = []
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    heard.push(String(content))
    if (content === 'fails') throw new Error('not yet')
  })
  await post(app, said('fails'))
  await until(async () => (await app.webhooks.inbox.stats()).failing === 1)
  await post(app, said('fine'))
  await settled(app)
  t.same(heard, ['fails', 'fine'])
})
