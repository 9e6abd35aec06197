import tap, { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import type { StoredEvent } from '../../../index.ts'
import { search } from '../../../lib/inbox/find.ts'
import { RecentIds } from '../../../lib/inbox/memory/recent-ids.ts'
import { settled } from '../../../lib/testing/testing.ts'
import { ModelInbox, modelInboxes } from '../../helpers/model-inbox.ts'
import { answerOf, createApp, gate, message, post, turns } from '../../helpers/app.ts'
import { adds, claim, conformance, dead, done, durableConformance, newEvent, open } from '../conformance.ts'

tap.setTimeout(120_000)

conformance('memoryInbox', () => memoryInbox({ history: 10 }), { durable: false })
// The model is what the tests of delivery build on: it keeps to the contract too.
conformance('the model', modelInboxes())
durableConformance('the model', () => new ModelInbox())

test('an event is answered when it is done, and refused when it is dead', async (t) => {
  const inbox = memoryInbox()
  await open(t, inbox)
  const [well, ill] = adds(inbox, newEvent('a'), newEvent('b'))
  let answered = false
  void well?.then(() => { answered = true })
  const [a, b] = await claim(inbox)
  t.equal(answered, false)
  if (a !== undefined) void inbox.settle(a, done(a))
  if (b !== undefined) void inbox.settle(b, dead(b))
  t.equal(await well, 'accepted')
  await t.rejects(async () => await ill, { code: 'FST_ONEROUTE_NOT_DELIVERED' })
})

test('with listeners that are synchronous, adding an event takes no promise', async (t) => {
  const inbox = memoryInbox()
  await inbox.open({
    log: (await createApp(t)).app.log,
    maxBacklog: 10,
    wake: () => {
      const claims = inbox.claim(1)
      if (claims instanceof Promise) t.fail('a promise')
      else for (const claim of claims) void inbox.settle(claim, done(claim))
    }
  })
  t.equal(inbox.add(newEvent('a')), 'accepted')
})

test('the id of a failed event is forgotten, so that a repeat is a new try', async (t) => {
  const { app } = await createApp(t)
  let fails = true
  let times = 0
  app.webhooks.on('newMessage', () => { times++; if (fails) throw new Error('broken') })
  const event = message()
  t.equal((await post(app, event)).statusCode, 500)
  fails = false
  t.match(answerOf(await post(app, event)), { status: 'accepted' })
  t.match(answerOf(await post(app, event)), { status: 'duplicate' })
  t.equal(times, 2)
})

test('a repeat of an event under way joins it: delivered once, answered alike', async (t) => {
  const { app } = await createApp(t)
  const held = gate()
  let times = 0
  app.webhooks.on('newMessage', async ({ message }) => {
    times++
    await held.promise
    if (message.content === 'bad') throw new Error('broken')
  })
  const [good, bad] = [message('a', 'good'), message('b', 'bad')]
  const replies = [post(app, good), post(app, good), post(app, bad), post(app, bad)]
  await turns()
  held.resolve(undefined)
  t.same((await Promise.all(replies)).map((reply) => answerOf(reply).status ?? reply.statusCode), ['accepted', 'duplicate', 500, 500])
  t.equal(times, 2)
})

test('ids are remembered for `keep`', async (t) => {
  const inbox = memoryInbox({ keep: 1_000 })
  await open(t, inbox)
  const event = newEvent('a', { receivedAt: 5_000 })
  const [first] = adds(inbox, event)
  for (const held of await claim(inbox)) void inbox.settle(held, done(held))
  t.equal(await first, 'accepted')
  t.equal(inbox.add({ ...event, receivedAt: 5_999 }), 'duplicate')
  const late = inbox.add({ ...event, receivedAt: 6_000 })
  t.type(late, Promise, 'is a new event')
  void Promise.allSettled([late])
})

test('of many ids the last half of the most is remembered, and never more than the most', async (t) => {
  const ids = new RecentIds(1_000, 10)
  for (let i = 1; i <= 100; i++) {
    ids.add(String(i), 0)
    t.ok(ids.size <= 10, `${ids.size} after ${i}`)
    for (let last = Math.max(1, i - 4); last <= i; last++) t.ok(ids.has(String(last), 999), `${last} after ${i}`)
  }
  t.equal(ids.has('1', 0), false)
  ids.delete('100')
  t.equal(ids.has('100', 0), false)
})

test('the history holds the last events, and of one that was posted again the last try', async (t) => {
  const inbox = memoryInbox({ history: 3 })
  const { app } = await createApp(t, { inbox })
  let fails = true
  app.webhooks.on('newMessage', () => { if (fails) throw new Error('broken') })
  const event = message('a', 'again')
  await post(app, event)
  const [failed] = await app.webhooks.inbox.list()
  t.match(failed, { state: 'dead', error: 'listener 1: broken', attempts: 1 })
  fails = false
  await post(app, event)
  t.match(await app.webhooks.inbox.list(), [{ id: failed?.id, state: 'done' }], 'it is a new event, and the dead one is gone')
  t.match(await app.webhooks.inbox.stats(), { done: 1, dead: 0 })
  for (let i = 0; i < 5; i++) await post(app, message('b', `${i}`))
  t.same((await app.webhooks.inbox.list()).map(({ event }) => (event as typeof event & { message: { content: string } }).message.content), ['4', '3', '2'])
  t.match(await app.webhooks.inbox.stats(), { pending: 0, failing: 0, done: 6, dead: 0, invalid: 0, oldestPendingAt: null })
})

test('a search finds each event once, whatever is pending, finished, replayed or gone meanwhile', async (t) => {
  const inbox = memoryInbox({ history: 1_500 })
  const { app } = await createApp(t, { inbox })
  app.webhooks.on('newMessage', ({ message: { content } }) => { if (content?.startsWith('fails') === true) throw new Error('broken') })
  for (let i = 0; i < 10; i++) await t.rejects(app.webhooks.receive(message('a', `fails ${i}`)))
  for (let i = 0; i < 1_485; i++) await app.webhooks.receive(message('b', `number ${i}`))
  const dead = (await app.webhooks.inbox.list({ state: 'dead' })).map(({ id }) => id)
  await app.webhooks.inbox.replay(dead.slice(0, 5))
  const events: StoredEvent[] = []
  for await (const found of search(app.webhooks.inbox, {})) events.push(...found.events)
  t.equal(events.length, 1_495)
  t.same(events.map(({ seq }) => seq), events.map(({ seq }) => seq).toSorted((a, b) => b - a))
})

test('a dead event is replayed from the history', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 3 }) })
  let fails = true
  const heard: number[] = []
  app.webhooks.on('newMessage', (_event, { attempt }) => { heard.push(attempt); if (fails) throw new Error('broken') })
  await post(app, message())
  const [{ id } = { id: '' }] = await app.webhooks.inbox.list({ state: 'dead' })
  t.equal(await app.webhooks.inbox.replay([id]), 1)
  await settled(app)
  t.match(await app.webhooks.inbox.list(), [{ state: 'dead' }], 'it failed again, and nobody was there to be told')
  fails = false
  t.equal(await app.webhooks.inbox.replay([id]), 1)
  await settled(app)
  t.match(await app.webhooks.inbox.list(), [{ state: 'done', error: null }])
  t.same(heard, [1, 1, 1])
})

test('options that are no object are refused', async (t) => {
  t.throws(() => memoryInbox(5 as never), { code: 'FST_ONEROUTE_INVALID_OPTION', message: /must be an object, got 5 \(number\)/ })
})

test('a page of events is asked for with sensible options', async (t) => {
  const { app } = await createApp(t)
  const { inbox } = app.webhooks
  for (const [options, message] of [
    [{ limit: 0 }, /`limit`.*integer from 1 to 1000, got 0/],
    [{ before: -1 }, /`before`/],
    [{ state: 'lost' as 'dead' }, /`state`.*pending, done, dead, invalid, got 'lost'/],
    [{ page: 2 } as object, /`page` is not one of/]
  ] as const) {
    await t.rejects(inbox.list(options), { code: 'FST_ONEROUTE_INVALID_OPTION', message })
  }
})

test('waiting events beyond `maxBacklog` are answered 503 with Retry-After', async (t) => {
  const { app } = await createApp(t, { maxBacklog: 2 })
  const held = gate()
  app.webhooks.on('newMessage', async () => { await held.promise })
  const replies = [post(app, message('a')), post(app, message('a'))]
  await turns()
  const refused = await post(app, message('b'))
  t.equal(refused.statusCode, 503)
  t.equal(answerOf(refused).code, 'FST_ONEROUTE_BACKLOG_FULL')
  t.match(refused.headers['retry-after'], /^\d+$/)
  held.resolve(undefined)
  t.same((await Promise.all(replies)).map(({ statusCode }) => statusCode), [200, 200])
  t.equal((await post(app, message('b'))).statusCode, 200)
})

test('without a history it shows what is pending, and after closing nothing', async (t) => {
  const inbox = memoryInbox()
  await open(t, inbox)
  const added = Promise.allSettled(adds(inbox, newEvent('a', { id: 'waiting' })))
  const [held] = await claim(inbox)
  t.match(await inbox.list(), [{ id: 'waiting', state: 'pending' }])
  t.match(await inbox.find?.({}), { events: [{ id: 'waiting', state: 'pending' }] })
  t.match(await inbox.find?.({ state: 'dead' }), { events: [], before: null })
  await inbox.close()
  t.match(await added, [{ status: 'rejected', reason: { code: 'FST_ONEROUTE_CLOSING' } }])
  if (held !== undefined) await inbox.settle(held, done(held))
  t.same(await inbox.list(), [])
  t.match(await inbox.stats(), { pending: 0, done: 0 })
  t.equal(await inbox.replay(['waiting']), 0)
})

test('one that is opened again has nothing of what it had before', async (t) => {
  const inbox = memoryInbox()
  await open(t, inbox)
  const before = Promise.allSettled(adds(inbox, newEvent('a'), newEvent('b')))
  const [held] = await inbox.claim(1)
  await inbox.close()
  await before
  await open(t, inbox)
  let answered = false
  const [a, b] = adds(inbox, newEvent('a', { id: 'a2' }), newEvent('b', { id: 'b2' }))
  void a?.then(() => { answered = true })
  if (held !== undefined) await inbox.settle(held, done(held))
  await turns()
  t.equal(answered, false, 'what was claimed before is nothing to it')
  const claims = await inbox.claim(64)
  t.same(claims.map(({ events }) => events.map(({ id }) => id)), [['a2'], ['b2']])
  for (const claim of claims) await inbox.settle(claim, done(claim))
  t.same(await Promise.all([a, b]), ['accepted', 'accepted'])
})

test('who waits for a discarded event learns how it ends: when its turn comes, or when the inbox is closed', async (t) => {
  const { app } = await createApp(t, { drainTimeout: 10 })
  const started = gate()
  const calls: unknown[] = []
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    calls.push(content)
    started.resolve(undefined)
    if (content === 'stuck') await gate().promise
  })
  const stuck = app.webhooks.receive(message('a', 'stuck'))
  await started.promise
  const behind = Promise.allSettled([stuck, app.webhooks.receive(message('a', 'behind'))])
  await turns()
  t.equal(await app.webhooks.inbox.forget('a'), 2)
  t.equal(await app.webhooks.inbox.forget('a'), 0)
  t.match(await app.webhooks.inbox.stats(), { pending: 0 })
  await app.close()
  t.match(await behind, [{ status: 'rejected', reason: { code: 'FST_ONEROUTE_CLOSING' } }, { status: 'rejected' }])
  t.same(calls, ['stuck'])
})

test('a discarded event whose turn comes is not delivered', async (t) => {
  const { app } = await createApp(t)
  const [started, held] = [gate(), gate()]
  const calls: unknown[] = []
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    calls.push(content)
    started.resolve(undefined)
    await held.promise
  })
  const received = [app.webhooks.receive(message('a', '1')), app.webhooks.receive(message('a', '2'))]
  await started.promise
  await turns()
  const [second] = await app.webhooks.inbox.list()
  t.equal(await app.webhooks.inbox.discard([String(second?.id)]), 1)
  held.resolve(undefined)
  await Promise.all(received)
  t.same(calls, ['1'])
  t.match(await app.webhooks.inbox.stats(), { pending: 0, done: 1 })
})
