import { Writable } from 'node:stream'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { WebhooksOptions } from '../../index.ts'
import { Activity } from '../../lib/inspector/activity.ts'
import { Feed } from '../../lib/inspector/feed.ts'
import { isLoopback } from '../../lib/inspector/loopback.ts'
import { summaryOf } from '../../lib/inspector/summary.ts'
import { inspector } from '../../lib/inspector.ts'
import type { InspectorOptions } from '../../lib/inspector.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite.ts'
import { newMessage, smsDeliveryReport } from '../../lib/testing.ts'
import { createApp, gate, message, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

const RETRY = { attempts: 2, minDelay: 1, maxDelay: 1, factor: 1 }
const JSON_TYPE = { 'content-type': 'application/json' }
const anybody = () => true

async function createInspected (t: Test, options: WebhooksOptions = {}, own: Partial<InspectorOptions> = {}) {
  const { app, lines } = await createApp(t, { inbox: memoryInbox({ history: 1_000 }), ...options })
  await app.register(inspector, { prefix: '/inspector', authorize: anybody, ...own })
  const ask = async (path: string) => await app.inject(`/inspector/api/${path}`)
  const send = async (path: string, payload: object, headers: Record<string, string> = {}) =>
    await app.inject({ method: 'POST', url: `/inspector/api/${path}`, payload, headers: { ...JSON_TYPE, ...headers } })
  return { app, lines, ask, send }
}

interface Answer { events: Array<{ seq: number, id: string, text: string, medium: string, state: string }>, scanned: number, before: number | null }

test('who may look has to be said', async (t) => {
  const wrong: Array<[object, RegExp]> = [
    [{}, /`authorize` of the inspector's options must be a function, or 'loopback', got undefined/],
    [{ authorize: undefined }, /must be a function/],
    [{ authorize: 'all' }, /must be a function, or 'loopback', got 'all'/],
    [{ authorize: anybody, redact: 'name' }, /`redact` of the inspector's options must be a list of names/],
    [{ authorize: anybody, auth: 1 }, /`auth` is not one of the inspector's options/]
  ]
  for (const [options, message] of wrong) {
    const { app } = await createApp(t)
    await t.rejects(async () => { await app.register(inspector, options as InspectorOptions) }, { code: 'FST_ONEROUTE_INVALID_OPTION', message })
  }
  await t.rejects(async () => { await Fastify().register(inspector, { authorize: 'loopback' }) }, { code: 'FST_ONEROUTE_NOT_REGISTERED' })
})

test('nothing is shown to whom it is not for: not the page, not the stream', async (t) => {
  const paths = ['/inspector', '/inspector/', '/inspector/page.js', '/inspector/page.css', '/inspector/api/events', '/inspector/api/events/x', '/inspector/api/stream']
  const refusals: Array<[InspectorOptions['authorize'], number]> = [
    [() => false, 403],
    [async () => await Promise.resolve(false), 403],
    [() => { throw Object.assign(new Error('log in'), { statusCode: 401 }) }, 401],
    [async (_request, reply) => await reply.code(418).send('no'), 418],
    [async (_request, reply) => {
      await reply.code(418).send('no')
      return false
    }, 418],
    [() => { throw new Error(`secret of ${message().event}`) }, 500]
  ]
  for (const [authorize, status] of refusals) {
    const { app } = await createInspected(t, {}, { authorize })
    for (const path of paths) {
      const { statusCode, body, headers } = await app.inject(path)
      t.equal(statusCode, status, `${path}: ${status}`)
      t.notMatch(body, 'secret of')
      t.equal(headers['cache-control'], 'no-store')
    }
    const { statusCode } = await app.inject({ method: 'POST', url: '/inspector/api/replay', payload: { ids: ['x'] } })
    t.equal(statusCode, status)
  }
})

test("'loopback' admits this machine, by a name of its own", async (t) => {
  const { app } = await createInspected(t, {}, { authorize: 'loopback' })
  const statusOf = async (remoteAddress: string, host: string) => (await app.inject({ url: '/inspector/', remoteAddress, headers: { host } })).statusCode
  for (const host of ['localhost', 'localhost:3000', '127.0.0.1:80', '[::1]:3000', 'LOCALHOST']) t.equal(await statusOf('127.0.0.1', host), 200, host)
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:3000', 'localhost:port']) t.equal(await statusOf('127.0.0.1', host), 403, host)
  for (const address of ['192.0.2.1', '10.0.0.1', '2001:db8::1']) t.equal(await statusOf(address, 'localhost'), 403, address)
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.equal((await fetch(`http://127.0.0.1:${port}/inspector/`, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status, 200)
  t.equal(isLoopback({ socket: { remoteAddress: '::1', remoteFamily: 'IPv6' }, headers: { host: '[::1]:3000' } }), true)
  t.equal(isLoopback({ socket: { remoteAddress: '::ffff:127.0.0.1', remoteFamily: 'IPv6' }, headers: { host: 'localhost' } }), true, 'as a socket for both has it')
  t.equal(isLoopback({ socket: { remoteAddress: '::ffff:192.0.2.1', remoteFamily: 'IPv6' }, headers: { host: 'localhost' } }), false)
  t.equal(isLoopback({ socket: {}, headers: { host: 'localhost' } }), false, 'gone already')
  t.equal(isLoopback({ socket: { remoteAddress: '127.0.0.1', remoteFamily: 'IPv4' }, headers: {} }), false)
})

test('what is answered may do nothing but what the page does', async (t) => {
  const { app, ask } = await createInspected(t)
  for (const reply of [await app.inject('/inspector/'), await ask('events')]) {
    t.match(reply.headers, {
      'content-security-policy': /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store'
    })
  }
  t.match((await app.inject('/inspector?a=b')).headers, { location: 'inspector/' }, 'what it asks for is relative')
  t.match((await app.inject('/inspector/page.js')).headers['content-type'], 'text/javascript')
})

test('a page of another site can change nothing', async (t) => {
  const { app, send } = await createInspected(t)
  app.webhooks.on('newMessage', () => {})
  const { id } = await app.webhooks.receive(message())
  const wrong: Array<Record<string, string>> = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://localhost', host: 'localhost' }
  ]
  for (const headers of wrong) t.match((await send('replay', { ids: [id] }, headers)).json(), { code: 'FST_ONEROUTE_CROSS_SITE', statusCode: 403 })
  t.equal((await send('replay', { ids: [id] }, { 'content-type': 'text/plain' })).statusCode, 415, 'what a form can send')
  t.match((await send('replay', { ids: [id] }, { origin: 'http://localhost:80', host: 'localhost', 'sec-fetch-site': 'same-origin' })).json(), { count: 1 })
  t.match(await send('replay', { ids: [id] }, { origin: 'http://localhost:80', host: 'localhost' }), { statusCode: 200 }, 'a browser that does not say')
  t.match(await send('replay', { ids: [id] }, { origin: 'https://app.example', host: 'backend:3000', 'sec-fetch-site': 'same-origin' }), { statusCode: 200 }, 'behind a proxy')
  t.match((await send('replay', { ids: ['unknown'] })).json(), { count: 0 })
})

test('events are listed, searched, and shown in full', async (t) => {
  const { app, ask } = await createInspected(t)
  app.webhooks.on('newMessage', ({ message: { content } }) => { if (content === 'fails') throw new Error('broken\nfor good') })
  await app.webhooks.receive(newMessage({ message: { content: ` Zürich\n ${'long '.repeat(100)}` }, conversation: { id: 'a', Channel: { medium: 'EMAIL', credentials: { key: 'k3y' } } } }))
  await app.webhooks.receive(smsDeliveryReport())
  await t.rejects(app.webhooks.receive(message('b', 'fails')))
  await app.webhooks.receive({ event: 'other', conversation: 5 })
  const all = (await ask('events')).json<Answer>()
  t.match(all, {
    scanned: 4,
    before: null,
    events: [
      { name: 'other', text: '', medium: '', state: 'done' },
      { name: 'newMessage', conversation: 'b', text: 'fails', medium: 'WHATSAPP', state: 'dead', attempts: 1, error: 'listener 1: broken for good' },
      { name: 'smsDeliveryReport', text: 'delivered: Message delivered to handset', medium: 'SMS' },
      { name: 'newMessage', conversation: 'a', text: /^Zürich long .*…$/, medium: 'EMAIL', state: 'done', error: null }
    ]
  })
  const texts = async (query: string) => (await ask(`events?${query}`)).json<Answer>().events.map(({ text }) => text.slice(0, 5))
  t.same(await texts('state=dead'), ['fails'])
  t.same(await texts('text=z%C3%9Crich'), ['Züric'])
  t.same(await texts('name=newMessage&conversation=b'), ['fails'])
  t.same(await texts('text=k3y'), [], 'what is not shown is not found')
  const { id = '' } = all.events.at(-1) ?? {}
  t.match((await ask(`events/${id}`)).json(), { id, lane: 'a', deliveries: [], event: { conversation: { Channel: { credentials: '[redacted]' } } } })
  t.match((await ask(`events/${all.events[1]?.id}`)).json(), { deliveries: [{ attempt: 1, failures: [{ listener: 'listener 1', error: 'broken\nfor good' }] }], event: { conversation: { Channel: { credentials: null } } } })
  t.match((await ask('events/unknown')).json(), { statusCode: 404, code: 'FST_ONEROUTE_NO_SUCH_EVENT' })
})

test('what is redacted is up to the app', async (t) => {
  const { app, ask } = await createInspected(t, {}, { redact: ['content', 'customer'] })
  const { id } = await app.webhooks.receive(message('a', 'nobody reads this'))
  t.match((await ask(`events/${id}`)).json(), { event: { message: { content: '[redacted]' }, conversation: { customer: '[redacted]', Channel: { credentials: null } } } })
  t.match((await ask('events')).json(), { events: [{ text: '[redacted]' }] })
  const deep = `{"event":"deep","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
  const { id: deepId } = await app.webhooks.receive(deep)
  t.match((await ask(`events/${deepId}`)).json(), { event: { event: 'deep', redacted: 'it is nested too deeply to be shown' } })
})

test('a long list comes in parts', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  const total = 11_000
  await Promise.all(Array.from({ length: total }, async (_, i) => await app.webhooks.receive(message('a', i === 0 ? 'the needle' : `straw ${i}`))))
  const first = (await ask('events')).json<Answer>()
  t.equal(first.events.length, 200)
  const second = (await ask(`events?before=${first.before}`)).json<Answer>()
  t.equal(second.events[0]?.seq, (first.events.at(-1)?.seq ?? 0) - 1, 'the next one')
  const search = (await ask('events?text=needle')).json<Answer>()
  t.match(search, { events: [], scanned: 10_000, before: Number }, 'no more at a time')
  t.match((await ask(`events?text=needle&before=${search.before}`)).json<Answer>(), { events: [{ text: 'the needle' }], scanned: 1_000, before: null })
})

test('what cannot be asked for is refused', async (t) => {
  const { app, ask, send } = await createInspected(t)
  for (const query of ['state=alive', 'before=x', 'before=-1', 'limit=5', `text=${'x'.repeat(1_001)}`, 'state=dead&state=done']) {
    t.match((await ask(`events?${query}`)).json(), { statusCode: 400, code: 'FST_ONEROUTE_BAD_QUESTION' }, query)
  }
  const bodies: Array<[string, object]> = [['replay', {}], ['replay', { ids: [] }], ['replay', { ids: [5] }], ['replay', []], ['replay-dead', { upTo: '5' }], ['replay-dead', { upTo: -1 }]]
  for (const [path, body] of bodies) t.match((await send(path, body)).json(), { statusCode: 400, code: 'FST_ONEROUTE_BAD_QUESTION' }, JSON.stringify(body))
  t.equal((await app.inject({ method: 'POST', url: '/inspector/api/replay', payload: '{', headers: JSON_TYPE })).statusCode, 400)
  t.equal((await app.inject({ method: 'HEAD', url: '/inspector/api/stream' })).statusCode, 404)
})

test('all dead events up to one are replayed', async (t) => {
  const { app, ask, send } = await createInspected(t, { inbox: new ModelInbox(), retry: { attempts: 1 } })
  let broken = true
  app.webhooks.on('newMessage', () => { if (broken) throw new Error('broken') })
  for (const content of ['1', '2', '3']) await app.webhooks.receive(message('a', content))
  while ((await app.webhooks.inbox.stats()).pending > 0) await turns()
  broken = false
  const { events } = (await ask('events?state=dead')).json<Answer>()
  t.match((await send('replay-dead', { upTo: events[1]?.seq ?? 0 })).json(), { count: 2 })
  while ((await app.webhooks.inbox.stats()).pending > 0) await turns()
  t.match(await app.webhooks.inbox.stats(), { dead: 1, done: 2 })
})

test('an inbox that cannot be asked is no reason to say why', async (t) => {
  const { app, ask, lines } = await createInspected(t, { inbox: new ModelInbox() })
  const { inbox } = app.webhooks
  Reflect.defineProperty(inbox, 'list', { value: async () => await Promise.reject(new Error('at postgres://user:pass@host')) })
  const reply = await ask('events')
  t.equal(reply.statusCode, 500)
  t.notMatch(reply.body, 'postgres:')
  t.ok(lines.some(({ err }) => JSON.stringify(err ?? '').includes('postgres:')), 'the log has it')
})

interface Update { stats: { pending: number }, events: Array<{ id: string, state: string, text: string }>, gap: boolean, activity: Array<Record<string, number>> }

/** Reads a stream of server-sent events. */
async function openStream (t: Test, url: string) {
  const leaving = new AbortController()
  t.teardown(() => { leaving.abort() })
  const response = await fetch(`${url}/inspector/api/stream`, { signal: leaving.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  /** The next update that this is true of; undefined when the stream has ended. */
  const next = async (isIt: (update: Update) => boolean): Promise<Update | undefined> => {
    for (;;) {
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, data] = /^data: (.*)$/m.exec(text.slice(0, end)) ?? []
        text = text.slice(end + 2)
        const update = data === undefined ? undefined : JSON.parse(data) as Update // as the feed writes it
        if (update !== undefined && isIt(update)) return update
      }
      const { done, value = '' } = await reader?.read() ?? { done: true }
      if (done) return undefined
      text += value
    }
  }
  return { response, next, leave: () => { leaving.abort() } }
}

test('a page is told what comes in and what becomes of it, also of what it saw long ago', async (t) => {
  const { app } = await createInspected(t, { inbox: sqliteInbox({ path: temporaryFile(t) }), retry: RETRY })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const old = await app.webhooks.receive(message('old', 'the first'))
  const { response, next } = await openStream(t, url)
  t.match(Object.fromEntries(response.headers), { 'content-type': 'text/event-stream', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  t.match(await next(() => true), { stats: { pending: 1 }, events: [{ id: old.id, state: 'pending' }], gap: false })
  await Promise.all(Array.from({ length: 300 }, async () => await app.webhooks.receive(message('many'))))
  t.ok(await next(({ gap }) => gap), 'more than it is told of came in')
  let broken = true
  app.webhooks.on('newMessage', ({ conversation }) => { if (broken && conversation.id === 'old') throw new Error('broken') })
  t.match((await next(({ events }) => events.some(({ id, state }) => id === old.id && state === 'dead')))?.activity.at(-1), { accepted: 301, done: Number, retried: 1, dead: 1 })
  broken = false
  await app.webhooks.inbox.replay([old.id])
  t.ok(await next(({ events }) => events.some(({ id, state }) => id === old.id && state === 'done')))
})

test('a page stays when the inbox cannot be asked for a while', async (t) => {
  const { app, lines } = await createInspected(t, { inbox: new ModelInbox() })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { next } = await openStream(t, url)
  t.ok(await next(() => true))
  const { inbox } = app.webhooks
  Reflect.defineProperty(inbox, 'stats', { value: async () => await Promise.reject(new Error('away')), configurable: true, writable: true })
  while (!lines.some(({ msg }) => msg === 'the inspector could not look into the inbox')) await turns()
  Reflect.defineProperty(inbox, 'stats', { value: async () => await Promise.resolve({ pending: 5 }) })
  t.match(await next(() => true), { stats: { pending: 5 } })
})

test('a page that leaves is forgotten, and closing ends those that stay', async (t) => {
  const { app } = await createInspected(t)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const gone = await openStream(t, url)
  t.ok(await gone.next(() => true))
  gone.leave()
  const stays = await openStream(t, url)
  t.ok(await stays.next(() => true))
  const ended = stays.next(() => false)
  await app.close()
  t.equal(await ended, undefined)
})

test('what changes during a look is looked at after it, and nothing is once the page has left', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 10 }) })
  const { id } = await app.webhooks.receive(message())
  const looks: Array<PromiseWithResolvers<undefined>> = []
  const inbox = {
    ...app.webhooks.inbox,
    stats: async () => {
      const look = gate()
      looks.push(look)
      await look.promise
      return await app.webhooks.inbox.stats()
    }
  }
  const feed = new Feed({ inbox, activity: new Activity(), log: app.log, show: summaryOf })
  t.teardown(() => { feed.close() })
  const heard: string[] = []
  const page = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      heard.push(chunk.toString())
      done()
    }
  })
  feed.add(page)
  feed.change(id)
  looks[0]?.resolve(undefined)
  while (looks.length < 2) await turns()
  t.match(heard[1], id)
  page.destroy()
  await turns()
  looks[1]?.resolve(undefined)
  await turns()
  t.equal(heard.length, 2)
  feed.change(id)
  t.equal(looks.length, 2)
})

test('pages are told while events come in all the time', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 10 }) })
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf })
  t.teardown(() => { feed.close() })
  const heard: number[] = []
  feed.add(new Writable({
    write: (_chunk, _encoding, done) => {
      heard.push(heard.length)
      done()
    }
  }))
  // Without a pause: a look that each of them put off would never come.
  while (heard.length < 5) {
    feed.change(null)
    await turns()
  }
  t.ok(heard.length >= 5)
})

test('closing does not wait for a page that does not read', async (t) => {
  const { app } = await createApp(t)
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf })
  const deaf = new Writable({ write: () => {} })
  const reads = new Writable({ write: (_chunk, _encoding, done) => { done() } })
  feed.add(deaf)
  feed.add(reads)
  await turns()
  feed.close()
  t.equal(deaf.destroyed, true)
  t.equal(reads.writableEnded, true)
})

test('a page that does not read is cut', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 1_000 }) })
  app.webhooks.on('newMessage', () => {})
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf })
  t.teardown(() => { feed.close() })
  const deaf = new Writable({ write: () => {} })
  const heard: number[] = []
  const reads = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      heard.push(chunk.length)
      done()
    }
  })
  feed.add(deaf)
  feed.add(reads)
  const long = 'x'.repeat(1_000)
  while (!deaf.destroyed) {
    const before = heard.length
    const receipts = await Promise.all(Array.from({ length: 200 }, async () => await app.webhooks.receive(message(`${heard.length} ${long}`))))
    feed.change(receipts[0]?.id ?? null)
    while (heard.length === before) await turns()
  }
  t.ok(heard.every((length) => length < 1_048_576), 'none of it is longer than what may wait')
  t.equal(reads.destroyed, false)
})
