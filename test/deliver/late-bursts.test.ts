import { join } from 'node:path'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import type { NewMessage, WebhooksOptions } from '../../index.ts'
import { until } from '../faults/helpers/until.ts'
import { createApp, message } from '../helpers/app.ts'
import { temporaryDirectory } from '../helpers/package.ts'

tap.jobs = 4

/** An app whose collectors are given up soon, and are tried again and again. */
async function open (t: Test, retry: WebhooksOptions['retry'] = {}) {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: join(temporaryDirectory(t), 'inbox.db') }), timeout: 20, retry: { minDelay: 1, maxDelay: 1, ...retry } })
  const bursts: string[] = []
  const late = Promise.withResolvers<undefined>()
  let errors = 0
  app.webhooks.on('error', () => { errors++ })
  return {
    app,
    bursts,
    late,
    errors: () => errors,
    /** Until it has been tried again since. */
    tried: async () => {
      const before = errors
      await until(() => errors > before + 1)
    },
    /** A collector that is at work on its first burst until `late` is settled. */
    answer: async (events: readonly NewMessage[]) => {
      bursts.push(events.map(({ message: { content } }) => content).join(' '))
      if (bursts.length === 1) await late.promise
    },
    send: async (text: string) => (await app.webhooks.receive(message('a', text))).id,
    waits: async (id: string) => { await until(async () => (await app.webhooks.inbox.get(id))?.isCollected === true) },
    through: async () => { await until(async () => (await app.webhooks.inbox.stats()).pending === 0) }
  }
}

test('what comes in while a collector outlives its time is a burst of its own', async (t) => {
  const { app, bursts, late, answer, send, waits, tried, through } = await open(t)
  app.webhooks.on('newMessage', function save ({ message: { content } }) { if (content === '2' && bursts.length === 0) throw new Error('not yet') })
  app.webhooks.collect('newMessage', { quiet: 400 }, async function first (events) { await answer(events) })
  await app.ready()
  await send('1')
  await waits(await send('2'))
  await tried()
  late.resolve(undefined)
  await through()
  t.same(bursts, ['1', '2'])
  t.match(await app.webhooks.inbox.stats(), { done: 2, dead: 0 })
})

test('what comes in before it, from beside its conversation, is a burst of its own, which waits until it has ended', async (t) => {
  const { app, bursts, late, answer, send, waits, tried, through } = await open(t, { blockFor: 300 })
  app.webhooks.on('newMessage', function save ({ message: { content } }) { if (content === '1' && bursts.length === 0) throw new Error('not yet') })
  app.webhooks.collect('newMessage', { quiet: 1_000 }, async function first (events) { await answer(events) })
  await app.ready()
  const id = await send('1')
  await send('2')
  await waits(id)
  await tried()
  t.same(bursts, ['2'])
  late.resolve(undefined)
  await through()
  t.same(bursts, ['2', '1'])
  t.match(await app.webhooks.inbox.stats(), { done: 2, dead: 0 })
})

test('what an event is posted again with, after it was removed, is a burst of its own', async (t) => {
  const { app, bursts, late, answer, send, waits, errors, tried, through } = await open(t)
  app.webhooks.collect('newMessage', { quiet: 200 }, async function first (events) { await answer(events) })
  await app.ready()
  const id = await send('1')
  await until(() => errors() > 0)
  t.equal(await app.webhooks.inbox.discard([id]), 1)
  t.equal(await send('1'), id)
  await waits(await send('2'))
  await waits(id)
  await tried()
  late.resolve(undefined)
  await through()
  t.same(bursts, ['1', '2'])
})

test('what a collector is at work on is known by each of its events: the first one may be removed', async (t) => {
  const { app, bursts, late, answer, send, waits, errors, tried, through } = await open(t)
  app.webhooks.collect('newMessage', { quiet: 2_000, most: 3 }, async function first (events) { await answer(events) })
  await app.ready()
  const ids = await Promise.all(['1', '2', '3'].map(send))
  await until(() => errors() > 0)
  t.equal(await app.webhooks.inbox.discard(ids.slice(0, 1)), 1)
  await waits(await send('4'))
  await tried()
  late.resolve(undefined)
  await through()
  t.same(bursts, ['1 2 3', '4'])
  t.match(await app.webhooks.inbox.stats(), { done: 3, dead: 0 })
})

test('a collector that has succeeded after its time is not called again when another one is through', async (t) => {
  const { app, bursts, late, answer, send, errors, through } = await open(t, { minDelay: 400, maxDelay: 400 })
  app.webhooks.collect('newMessage', { quiet: 200 }, function other () {})
  app.webhooks.collect('newMessage', { quiet: 1 }, async function first (events) { await answer(events) })
  await app.ready()
  await send('1')
  await until(() => errors() > 0)
  late.resolve(undefined)
  await through()
  t.same(bursts, ['1'])
})

for (const add of ['on', 'collect'] as const) {
  test(`an event that was removed before \`${add}\` succeeded, after its time, and is posted again is delivered`, async (t) => {
    const { app, bursts, late, answer, send, errors, through } = await open(t, { minDelay: 60_000, maxDelay: 60_000 })
    if (add === 'on') app.webhooks.on('newMessage', async function first (event) { await answer([event]) })
    else app.webhooks.collect('newMessage', { quiet: 1 }, async function first (events) { await answer(events) })
    await app.ready()
    const id = await send('1')
    await until(() => errors() > 0)
    t.equal(await app.webhooks.inbox.discard([id]), 1)
    late.resolve(undefined)
    await late.promise
    t.equal(await send('1'), id)
    await through()
    t.same(bursts, ['1', '1'])
  })
}

test('of a burst that has succeeded after its time, what was removed before and is posted again is delivered, and the rest is not', async (t) => {
  const { app, bursts, late, answer, send, errors, through } = await open(t, { minDelay: 1_000, maxDelay: 1_000 })
  app.webhooks.collect('newMessage', { quiet: 2_000, most: 3 }, async function first (events) { await answer(events) })
  await app.ready()
  const ids = await Promise.all(['1', '2', '3'].map(send))
  await until(() => errors() > 0)
  t.equal(await app.webhooks.inbox.discard(ids.slice(0, 1)), 1)
  late.resolve(undefined)
  await late.promise
  t.equal(await send('1'), ids[0])
  await through()
  t.same(bursts, ['1 2 3', '1'])
})
