import { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { newMessage, smsDeliveryReport } from '../../../lib/testing/testing.ts'
import { message, turns } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { createInspected, JSON_TYPE } from './inspected.ts'
import type { Answer } from './inspected.ts'

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
  for (const headers of wrong) {
    for (const [path, body] of [['replay', { ids: [id] }], ['discard', { ids: [id] }], ['export', { ids: [id] }], ['forget', { conversation: 'a' }]] as const) {
      t.match((await send(path, body, headers)).json(), { code: 'FST_ONEROUTE_CROSS_SITE', statusCode: 403 }, path)
    }
  }
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
  await app.webhooks.receive(newMessage({ message: { content: '', contentType: 'IMAGE' }, conversation: { id: 'c' } }))
  await app.webhooks.receive({ event: 'other', message: { content: null }, conversation: { Channel: null } })
  await app.webhooks.receive({ event: 'other', conversation: 5 })
  const all = (await ask('events')).json<Answer>()
  t.match(all, {
    scanned: 6,
    before: null,
    events: [
      { name: 'other', text: '', medium: '', state: 'done', conversation: null },
      { name: 'other', text: '', medium: '', conversation: null },
      { name: 'newMessage', media: 'picture', text: '', conversation: 'c' },
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
  t.match((await ask(`events/${all.events[3]?.id}`)).json(), { deliveries: [{ attempt: 1, failures: [{ listener: 'listener 1', error: 'broken\nfor good' }] }], event: { conversation: { Channel: { credentials: null } } } })
  t.match((await ask('events/unknown')).json(), { statusCode: 404, code: 'FST_ONEROUTE_NO_SUCH_EVENT' })
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
  t.match((await ask('events?before=201')).json<Answer>(), { events: { length: 200 }, before: null }, 'a full answer may be the last one')
  t.match((await ask('events?before=202')).json<Answer>(), { events: { length: 200 }, before: 2 })
})

test('what cannot be asked for is refused', async (t) => {
  const { app, ask, send } = await createInspected(t)
  for (const query of ['state=alive', 'before=x', 'before=-1', 'limit=5', `text=${'x'.repeat(1_001)}`, 'state=dead&state=done']) {
    t.match((await ask(`events?${query}`)).json(), { statusCode: 400, code: 'FST_ONEROUTE_BAD_QUESTION' }, query)
  }
  const bodies: Array<[string, object]> = [['replay', {}], ['replay', { ids: [] }], ['replay', { ids: [5] }], ['replay', []]]
  bodies.push(['replay', { ids: ['a'], all: 'yes' }], ['discard', {}], ['discard', { ids: ['a'], all: true }], ['export', {}], ['export', { ids: [] }], ['forget', {}], ['forget', { conversation: '' }], ['forget', { ids: ['a'] }])
  for (const [path, body] of bodies) t.match((await send(path, body)).json(), { statusCode: 400, code: 'FST_ONEROUTE_BAD_QUESTION' }, JSON.stringify(body))
  t.equal((await app.inject({ method: 'POST', url: '/inspector/api/replay', payload: '{', headers: JSON_TYPE })).statusCode, 400)
  t.equal((await app.inject({ method: 'HEAD', url: '/inspector/api/stream' })).statusCode, 404)
})

test('a dead event is replayed for the listeners that failed, or for all', async (t) => {
  const { app, send } = await createInspected(t, { inbox: new ModelInbox(), retry: { attempts: 1 } })
  const called: string[] = []
  app.webhooks.on('newMessage', function fine () { called.push('fine') })
  app.webhooks.on('newMessage', function broken () { called.push('broken'); throw new Error('broken') })
  const through = async () => { while ((await app.webhooks.inbox.stats()).pending > 0) await turns() }
  const { id } = await app.webhooks.receive(message())
  await through()
  for (const [body, expected] of [[{}, ['broken']], [{ all: false }, ['broken']], [{ all: true }, ['fine', 'broken']]] as const) {
    called.length = 0
    t.match((await send('replay', { ids: [id], ...body })).json(), { count: 1 })
    await through()
    t.same(called, expected)
  }
})

test('events are discarded, and a conversation is forgotten', async (t) => {
  const { app, ask, send } = await createInspected(t, { inbox: new ModelInbox(), retry: { attempts: 1 } })
  app.webhooks.on('newMessage', ({ message: { content } }) => { if (content?.includes('fails') === true) throw new Error('broken') })
  const lane = 'c'.repeat(2_000)
  for (const [conversation, content] of [['a', 'kept'], ['a', 'discarded'], ['b', 'fails 1'], ['b', 'fails 2'], ['b', 'fails 3'], [lane, 'forgotten']] as const) {
    await app.webhooks.receive(message(conversation, content))
  }
  while ((await app.webhooks.inbox.stats()).pending > 0) await turns()
  const texts = async () => (await ask('events')).json<Answer>().events.map(({ text }) => text)
  const { events } = (await ask('events')).json<Answer>()
  const of = (text: string) => events.find((event) => event.text === text)
  t.match((await send('discard', { ids: [of('discarded')?.id, 'unknown'] })).json(), { count: 1 })
  t.same(await texts(), ['forgotten', 'fails 3', 'fails 2', 'fails 1', 'kept'])
  t.match((await send('discard', { ids: [of('fails 2')?.id, of('fails 1')?.id] })).json(), { count: 2 })
  t.same(await texts(), ['forgotten', 'fails 3', 'kept'])
  t.match((await send('forget', { conversation: lane })).json(), { count: 1 })
  t.match((await send('forget', { conversation: 'nobody' })).json(), { count: 0 })
  t.same(await texts(), ['fails 3', 'kept'])
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
