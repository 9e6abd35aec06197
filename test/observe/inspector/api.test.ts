import { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { newMessage, smsDeliveryReport } from '../../../lib/testing/testing.ts'
import { gate, message, turns } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { createInspected, JSON_TYPE, replaceFind } from './inspected.ts'
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
  for (const site of ['cross-site', 'same-site']) {
    const get = async (path: string) => (await app.inject({ url: `/inspector/${path}`, headers: { 'sec-fetch-site': site } })).statusCode
    for (const path of ['api/export', 'api/events', 'api/ids', `api/events/${id}`, 'api/stream']) t.equal(await get(path), 403, path)
    t.equal(await get(''), 200, 'a link leads to the page')
  }
  for (const site of ['same-origin', 'none']) t.equal((await app.inject({ url: '/inspector/api/export', headers: { 'sec-fetch-site': site } })).statusCode, 200, site)
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
      { name: 'newMessage', who: 'Message Sender', media: 'picture', text: '', conversation: 'c' },
      { name: 'newMessage', conversation: 'b', text: 'fails', medium: 'WHATSAPP', state: 'dead', attempts: 1, error: 'listener 1: broken for good' },
      { name: 'smsDeliveryReport', who: '12345678', media: '', text: 'delivered: Message delivered to handset', medium: 'SMS' },
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

test('an event is found by its id, or the beginning of it if no other has the same', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: new ModelInbox() })
  const { id } = await app.webhooks.receive(message('c', 'hello'))
  for (const asked of [id, id.slice(0, 6)]) t.match((await ask(`events/${asked}`)).json(), { id })
  for (const asked of [id.slice(0, 5), `${id}0`, 'nothing']) t.equal((await ask(`events/${asked}`)).statusCode, 404, asked)
  replaceFind(app, async (options, own) => await own({ ...options, id: undefined }))
  await app.webhooks.receive(message('c', 'another'))
  t.equal((await ask(`events/${id.slice(0, 6)}`)).statusCode, 404, 'as if both began so')
  t.equal((await ask(`events/${id}`)).statusCode, 200)
})

test('a long list comes in parts', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  await Promise.all(Array.from({ length: 1_000 }, async (_, i) => await app.webhooks.receive(message('a', i === 0 ? 'the needle' : `straw ${i}`))))
  const total = 1_000
  const seqsOf = async (question: string, from: number) => {
    const seqs: number[] = []
    let answers = 0
    for (let before: number | null = from; before !== null; answers++) {
      const answer: Answer = (await ask(`events?${question}before=${before}`)).json()
      t.ok(answer.events.length <= 200 && answer.total === total, `${answer.events.length} of ${answer.total}`)
      if (question === '') t.equal(answer.scanned, answer.events.length)
      seqs.push(...answer.events.map(({ seq }) => seq))
      before = answer.before
    }
    return { seqs, answers }
  }
  const down = (from: number) => Array.from({ length: from }, (_, i) => from - i)
  const all = await seqsOf('', total + 1)
  t.same(all.seqs, down(total), 'each once, in order')
  t.ok(all.answers >= 5)
  const rest = await seqsOf('', 202)
  t.same(rest.seqs, down(201))
  t.ok(rest.answers >= 2, 'the second has one')
  t.same((await seqsOf('text=needle&', total + 1)).seqs, [1])
})

test('one answer looks for a part of a second only, and whoever wants more asks again', async (t) => {
  const { app, ask } = await createInspected(t)
  app.webhooks.on('newMessage', () => {})
  for (const content of ['the needle', 'straw 1', 'straw 2']) await app.webhooks.receive(message('a', content))
  const { inbox } = app.webhooks
  // As long as a whole answer may take, and one event at a time.
  replaceFind(app, async (options, find) => {
    await new Promise((resolve) => { setTimeout(resolve, 300) })
    const [event] = await inbox.list({ before: options.before, limit: 1 })
    return { ...await find({ ...options, before: (event?.seq ?? 1) + 1, since: event?.receivedAt, limit: 1 }), scanned: 1, before: event?.seq ?? null }
  })
  const first = (await ask('events?text=needle')).json<Answer>()
  t.match(first, { events: [], scanned: 1, before: 3, total: 3 })
  const second = (await ask(`ids?text=needle&before=${first.before}`)).json<Answer>()
  t.match(second, { ids: [], scanned: 1, before: 2, total: 3 })
  t.match((await ask(`events?text=needle&before=${second.before}`)).json<Answer>(), { events: [{ text: 'the needle' }], scanned: 1, before: 1 })
})

for (const path of ['events', 'ids', 'export']) {
  test(`nothing more is looked for once the browser has left: ${path}`, async (t) => {
    const { app } = await createInspected(t)
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const begun = gate()
    const goesOn = gate()
    let asked = 0
    // Without an end, and so slow that the browser leaves meanwhile.
    replaceFind(app, async () => {
      asked++
      begun.resolve(undefined)
      await goesOn.promise
      return { events: [], ids: [], scanned: 1, before: 1 }
    })
    const closed = new Promise((resolve) => { app.server.once('connection', (socket) => { socket.once('close', resolve) }) })
    const leaving = new AbortController()
    const answer = fetch(`${url}/inspector/api/${path}?text=x`, { signal: leaving.signal })
    await begun.promise
    leaving.abort()
    await t.rejects(answer, { name: 'AbortError' })
    await closed
    goesOn.resolve(undefined)
    await turns()
    t.equal(asked, 1)
  })
}

test('a text that is a conversation, or the beginning of an id, is found at once, however old it is', async (t) => {
  const { app, ask } = await createInspected(t)
  app.webhooks.on('newMessage', () => {})
  const oldest = await app.webhooks.receive(message('c-0', 'first'))
  for (let i = 1; i <= 4; i++) await app.webhooks.receive(message(`c-${i % 2}`, `number ${i}`))
  const newest = await app.webhooks.receive(message('c-2', `${oldest.id} has come again, for c-1`))
  const { inbox } = app.webhooks
  // As with so many events that a text is looked for one by one; but an index answers at once.
  replaceFind(app, async (options, find) => {
    if (options.text === undefined) return await find(options)
    const [event] = await inbox.list({ before: options.before, limit: 1 })
    return { ...await find({ ...options, before: (event?.seq ?? 1) + 1, since: event?.receivedAt, limit: 1 }), scanned: 1, before: event?.seq ?? null }
  })
  const texts = async (query: string) => (await ask(`events?${query}`)).json<Answer>().events.map(({ text }) => text)
  const last = `${oldest.id} has come again, for c-1`
  t.match((await ask(`events?text=${oldest.id}`)).json<Answer>(), { events: [{ id: newest.id }, { id: oldest.id, text: 'first' }], scanned: 1, before: 6 })
  t.same(await texts(`text=${oldest.id.slice(0, 6)}`), [last, 'first'])
  t.same(await texts('text=c-1'), [last, 'number 3', 'number 1'], 'in order, and each once')
  t.same(await texts('text=c-2'), [last], 'each once')
  t.same(await texts('text=c-1&state=pending'), [])
  const part = (await ask('events?text=c-1')).json<Answer>()
  t.match((await ask(`events?text=c-1&before=${part.before}`)).json<Answer>().events.map(({ text }) => text), ['number 3', 'number 1'], 'the next part looks through what is older')
})

test('what is redacted is not found at once either', async (t) => {
  const { app, ask } = await createInspected(t, {
    lane: ({ conversation }) => (conversation as { customer: { email: string } }).customer.email // of a message
  }, { redact: ['email'] })
  app.webhooks.on('newMessage', () => {})
  const { id } = await app.webhooks.receive(newMessage({ conversation: { customer: { email: 'ada@mail.example' } } }))
  t.same((await ask('events?text=ada@mail.example')).json<Answer>().events, [])
  t.match((await ask(`events?text=${id}`)).json<Answer>(), { events: [{ id, conversation: '[redacted]' }] })
})

test('a conversation is named whole, unless it is longer than what can be asked for', async (t) => {
  const { app, ask } = await createInspected(t)
  app.webhooks.on('newMessage', () => {})
  for (const length of [1_000, 5_000]) await app.webhooks.receive(message('é'.repeat(length)))
  t.same((await ask('events')).json<Answer>().events.map(({ conversation }) => conversation?.length), [1_001, 1_000])
  t.match((await ask(`events?conversation=${encodeURIComponent('é'.repeat(1_000))}`)).json<Answer>(), { events: { length: 1 } })
})

test('events are found by when they came in, and those that fail', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: new ModelInbox(), retry: { minDelay: 60_000 } })
  app.webhooks.on('newMessage', ({ message: { content } }) => { if (content === 'fails') throw new Error('broken') })
  for (const [conversation, content] of [['a', 'first'], ['b', 'fails'], ['b', 'waits'], ['c', 'last']] as const) await app.webhooks.receive(message(conversation, content))
  while ((await app.webhooks.inbox.stats()).done < 2) await turns()
  const texts = async (query: string) => (await ask(`events?${query}`)).json<Answer>().events.map(({ text }) => text)
  t.match((await ask('events?state=failing')).json<Answer>(), { events: [{ text: 'fails', attempts: 1 }], total: 1 })
  t.match((await ask('events?state=pending')).json<Answer>(), { events: [{ text: 'waits' }, { text: 'fails' }], total: 2 })
  t.match((await ask('ids?state=failing')).json<Answer>(), { ids: { length: 1 }, before: null, total: 1 })
  const future = encodeURIComponent(new Date(Date.now() + 60_000).toISOString())
  for (const [query, length] of [['since=2022-01-01', 4], ['until=2022-01-01T00:00Z', 0], [`since=${future}`, 0], [`until=${future}`, 4], ['since=2022-01-01T00:00:00.123456%2B05:30', 4]] as const) {
    t.equal((await texts(query)).length, length, query)
  }
})

test('ids are of all that fits, also without the events, and tell no more than they do', async (t) => {
  const { app, ask } = await createInspected(t, {
    lane: ({ conversation }) => (conversation as { customer: { email: string } }).customer.email // of a message
  }, { redact: ['email'] })
  const ids: string[] = []
  app.webhooks.on('newMessage', () => {})
  for (const content of ['one', 'two', 'three']) ids.unshift((await app.webhooks.receive(newMessage({ message: { content }, conversation: { customer: { email: 'ada@mail.example' } } }))).id)
  t.same((await ask('ids')).json(), { ids, scanned: 3, before: null, total: 3 })
  t.same((await ask('ids?name=newMessage')).json<Answer>().ids, ids)
  t.same((await ask('ids?name=other')).json<Answer>().ids, [])
  t.same((await ask('ids?text=two')).json<Answer>().ids, [ids[1]])
  t.same((await ask('ids?text=ada@mail')).json<Answer>().ids, [])
  for (const email of ['ada', 'nobody']) {
    for (const path of ['ids', 'events']) t.match((await ask(`${path}?conversation=${email}@mail.example`)).json<Answer>(), { scanned: 0, before: null }, 'not even that it is there')
    t.same((await ask(`ids?conversation=${email}@mail.example`)).json<Answer>().ids, [], email)
  }
})

test('ids come in parts, too', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: memoryInbox({ history: 12_000 }) })
  app.webhooks.on('newMessage', () => {})
  for (let i = 0; i < 10_200; i++) await app.webhooks.receive(message('a'))
  const ids: string[] = []
  let parts = 0
  for (let before: number | null | undefined; before !== null; parts++) {
    const answer: Answer = (await ask(`ids${before === undefined ? '' : `?before=${before}`}`)).json()
    t.ok(answer.ids.length <= 10_000)
    ids.push(...answer.ids)
    before = answer.before
  }
  t.ok(parts > 1)
  t.equal(new Set(ids).size, 10_200)
})

test('what waits for a failing event says for which, and an event says what waits for it', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: new ModelInbox(), retry: { minDelay: 60_000 } }, { redact: ['email'] })
  app.webhooks.on('newMessage', ({ message: { content }, conversation: { customer } }) => { if (content === 'fails') throw new Error(`no account for ${customer.email}`) })
  const receive = async (conversation: string, content: string) => (await app.webhooks.receive(newMessage({ message: { content }, conversation: { id: conversation, customer: { email: 'ada@mail.example' } } }))).id
  const failing = await receive('a', 'fails')
  while ((await app.webhooks.inbox.stats()).failing < 1) await turns()
  const next = await receive('a', 'next')
  const last = await receive('a', 'last')
  const alone = (await app.webhooks.receive({ event: 'other' })).id
  const done = await receive('b', 'fine')
  while ((await app.webhooks.inbox.stats()).done < 2) await turns()
  const { events } = (await ask('events')).json<Answer>()
  const behind = { id: failing, attempts: 1, dueAt: String, error: 'listener 1: no account for [redacted]' }
  t.match(events.map(({ text, behind }) => ({ text, behind })), [
    { text: 'fine', behind: null }, { text: '', behind: null }, { text: 'last', behind }, { text: 'next', behind }, { text: 'fails', behind: null }
  ])
  t.match((await ask('events?conversation=a&state=pending')).json(), { events: [{ behind }, { behind }, { behind: null }] })
  const of = async (id: string) => (await ask(`events/${id}`)).json<{ waiting: unknown }>().waiting
  t.match(await of(failing), { count: 2, more: false, first: null })
  t.match(await of(next), { count: 1, more: false, first: { id: failing, text: 'fails', error: behind.error, behind: null } })
  t.match(await of(last), { count: 0, more: false, first: { id: failing } })
  for (const id of [alone, done]) t.same(await of(id), { count: 0, more: false, isBehind: false, first: null })
})

test('what the events that are shown wait for is looked for in their conversations, however many others fail', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: new ModelInbox(), retry: { minDelay: 60_000 } })
  app.webhooks.on('newMessage', () => { throw new Error('broken') })
  const { id } = await app.webhooks.receive(message('a', 'fails'))
  for (let i = 0; i < 9; i++) await app.webhooks.receive(message(`c-${i}`, 'fails, too'))
  while ((await app.webhooks.inbox.stats()).failing < 10) await turns()
  await app.webhooks.receive(message('a', 'waits'))
  let read = 0
  replaceFind(app, async (options, find) => {
    const found = await find(options)
    if (options.failing === true) read += found.events.length
    return found
  })
  t.match((await ask('events')).json<Answer>(), { events: { length: 11, 0: { text: 'waits', behind: { id } } } })
  t.equal(read, 1)
})

test('what the events wait for is not looked for longer than an answer may take: of the newest, it is shown', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: new ModelInbox(), retry: { minDelay: 60_000 } })
  app.webhooks.on('newMessage', () => { throw new Error('broken') })
  const receiveAll = async (content: string) => { for (let i = 0; i < 30; i++) await app.webhooks.receive(message(`c-${i}`, content)) }
  await receiveAll('fails')
  await app.webhooks.receive(message('other', 'fails'))
  while ((await app.webhooks.inbox.stats()).failing < 31) await turns()
  await receiveAll('waits')
  replaceFind(app, async (options, find) => {
    if (options.failing === true) await new Promise((resolve) => { setTimeout(resolve, 260) })
    return await find(options)
  })
  const { events } = (await ask('events')).json<Answer>()
  t.ok(events[0]?.behind)
  t.equal(events[29]?.behind, null)
})

test('nobody waits for an event that has left its conversation', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: new ModelInbox(), retry: { minDelay: 60_000, blockFor: 0 } })
  const held = gate()
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    if (content === 'fails') throw new Error('broken')
    await held.promise
  })
  const aside = (await app.webhooks.receive(message('a', 'fails'))).id
  while ((await app.webhooks.inbox.stats()).failing < 1) await turns()
  const under = (await app.webhooks.receive(message('a', 'under way'))).id
  const last = (await app.webhooks.receive(message('a', 'last'))).id
  t.match((await ask('events')).json(), { events: [{ text: 'last', behind: null, isAside: false }, { behind: null, isAside: false }, { text: 'fails', behind: null, isAside: true }] })
  t.match((await ask(`events/${aside}`)).json(), { isAside: true, conversation: 'a', waiting: { count: 0, more: false, first: null } })
  t.match((await ask(`events/${last}`)).json(), { isAside: false, waiting: { count: 0, more: false, first: { id: under, text: 'under way' } } }, 'one that has not failed may be the first')
  t.match((await ask(`events/${under}`)).json(), { waiting: { count: 1, first: null } })
  held.resolve(undefined)
})

test('a long queue is not counted to its end, and is not said to begin where counting ended', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: new ModelInbox(), retry: { minDelay: 60_000 } })
  const held = gate()
  app.webhooks.on('newMessage', async () => { await held.promise })
  const ids: string[] = []
  for (let i = 0; i < 1_002; i++) ids.push((await app.webhooks.receive(message('a', `number ${i}`))).id)
  let bodies = 0
  let longest = 0
  replaceFind(app, async (options, own) => {
    await new Promise((resolve) => { setTimeout(resolve, longest) })
    const found = await own(options)
    bodies += found.events.length
    return found
  })
  const of = async (index: number) => (await ask(`events/${ids[index] ?? ''}`)).json<{ waiting: unknown }>().waiting
  const clock = t.intercept(performance, 'now', { value: () => 0 }) // on a busy machine, time would be up
  t.match(await of(0), { count: 1_000, more: true, isBehind: false, first: null })
  t.match(await of(2), { count: 999, more: false, isBehind: true, first: { id: ids[0] } })
  t.match(await of(1_001), { count: 0, more: false, isBehind: true, first: { id: ids[0] } })
  t.equal(bodies, 0, 'what is counted is not read')
  clock.restore()
  longest = 150 // as long as it may take
  t.match(await of(1_001), { count: 0, more: false, isBehind: true, first: null }, 'the oldest that was seen may not be the first')
  longest = 0
  replaceFind(app, async (options, own) => {
    const found = await own(options)
    if (options.idsOnly === true && found.before === null) await app.webhooks.inbox.discard(ids.slice(0, 1))
    return found
  })
  t.intercept(performance, 'now', { value: () => 0 })
  t.match(await of(2), { isBehind: true, first: { id: ids[1] } }, 'the first has gone meanwhile')
  held.resolve(undefined)
})

test('an invalid event is found by its conversation, whatever that is, and forgotten with it', async (t) => {
  const { app, ask, send } = await createInspected(t, { inbox: new ModelInbox() })
  const { id } = await app.webhooks.receive({ ...message('a'), message: { sender: { name: 42 } } })
  t.match((await ask('events?state=invalid&conversation=a')).json(), { events: [{ id, conversation: 'a', who: '42' }] })
  const numbered = (await app.webhooks.receive({ event: 'newMessage', conversation: { id: 5, customer: 'Ada' }, message: 'text' })).id
  t.match((await ask('events?conversation=5')).json(), { events: [{ id: numbered, conversation: '5', state: 'invalid', who: '', text: '' }] })
  await app.webhooks.receive({ event: 'newMessage', conversation: { id: 1e21 } })
  t.match((await ask('events')).json(), { events: [{ conversation: null }, { conversation: '5' }, { conversation: 'a' }] })
  t.match((await send('forget', { conversation: '5' })).json(), { count: 1 })
})

test('what cannot be asked for is refused', async (t) => {
  const { app, ask, send } = await createInspected(t)
  for (const query of ['state=alive', 'before=x', 'before=abc', 'before=-1', 'limit=5', `text=${'x'.repeat(1_001)}`, 'state=dead&state=done', 'failing=true', '__proto__=1', 'since=nonsense', 'since=', 'until=2026-13-01', 'until=1', 'since=2026-11-26T05:00', 'since=2026-02-30', 'until=2025-02-29T00:00Z', 'since=2026-11-26T25:00Z']) {
    for (const path of ['events', 'ids', 'export']) t.match((await ask(`${path}?${query}`)).json(), { statusCode: 400, code: 'FST_ONEROUTE_BAD_QUESTION' }, `${path} ${query}`)
  }
  const bodies: Array<[string, object]> = [['replay', {}], ['replay', { ids: [] }], ['replay', { ids: [5] }], ['replay', []]]
  bodies.push(['replay', { ids: ['a'], all: 'yes' }], ['discard', {}], ['discard', { ids: ['a'], all: true }], ['discard', { ids: ['a'], state: 'alive' }], ['export', {}], ['export', { ids: [] }], ['forget', {}], ['forget', { conversation: '' }], ['forget', { ids: ['a'] }])
  for (const path of ['replay', 'discard', 'export']) bodies.push([path, { ids: Array.from({ length: 1_001 }, String) }])
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

test('what has left its state since it was looked at is left as it is', async (t) => {
  const { app, ask, send } = await createInspected(t, { inbox: new ModelInbox(), retry: { minDelay: 60_000 } })
  app.webhooks.on('newMessage', ({ message: { content } }) => { if (content === 'fails') throw new Error('broken') })
  const done = (await app.webhooks.receive(message('a', 'fine'))).id
  const failing = (await app.webhooks.receive(message('b', 'fails'))).id
  while ((await app.webhooks.inbox.stats()).failing < 1) await turns()
  const ids = [done, failing, 'unknown']
  t.match((await send('discard', { ids, state: 'dead' })).json(), { count: 0 })
  t.match((await send('replay', { ids, state: 'dead' })).json(), { count: 0 })
  t.match((await send('replay', { ids, state: 'done' })).json(), { count: 1 })
  t.match((await send('discard', { ids, state: 'failing' })).json(), { count: 1 })
  t.match((await ask('events')).json<Answer>(), { events: [{ id: done }] })
})

test('an inbox that cannot be asked is no reason to say why', async (t) => {
  const { app, ask, lines } = await createInspected(t, { inbox: new ModelInbox() })
  const { inbox } = app.webhooks
  Reflect.defineProperty(inbox, 'find', { value: async () => await Promise.reject(new Error('at postgres://user:pass@host')) })
  const reply = await ask('events')
  t.equal(reply.statusCode, 500)
  t.notMatch(reply.body, 'postgres:')
  t.ok(lines.some(({ err }) => JSON.stringify(err ?? '').includes('postgres:')), 'the log has it')
})

test('what cannot be asked is refused in words', async (t) => {
  const { ask } = await createInspected(t)
  const messages = {
    'state=lost': 'state must be pending, failing, done, dead or invalid',
    [`conversation=${'x'.repeat(1_001)}`]: 'conversation must be no longer than 1,000 characters',
    'since=yesterday': 'since must be a date, or a time with its zone, such as 2026-11-26T05:30Z',
    'until=2026-13-01': 'until must be a time that exists'
  }
  for (const [query, message] of Object.entries(messages)) t.match((await ask(`events?${query}`)).json(), { statusCode: 400, message }, query.slice(0, 40))
})
