import { EventEmitter, once } from 'node:events'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import { test } from 'tap'
import webhooks, { UnknownNameError, Webhooks } from '../../index.ts'
import { answerOf, createApp, fixture, message, post, turns } from '../helpers/app.ts'

test('app.webhooks is an EventEmitter', async (t) => {
  const { app } = await createApp(t)
  t.type(app.webhooks, Webhooks)
  t.type(app.webhooks, EventEmitter)
})

test('once, off, prependListener and events.once work as on any emitter', async (t) => {
  const { app } = await createApp(t)
  const heard: string[] = []
  const removed = () => { t.fail('was removed') }
  app.webhooks.once('newMessage', ({ message }) => { heard.push(`once ${message.content}`) })
  app.webhooks.on('newMessage', ({ message }) => { heard.push(`on ${message.content}`) })
  app.webhooks.prependListener('newMessage', ({ message }) => { heard.push(`first ${message.content}`) })
  app.webhooks.on('newMessage', removed)
  app.webhooks.off('newMessage', removed)
  const waited = once(app.webhooks, 'newMessage')
  await post(app, message('a', '1'))
  await post(app, message('a', '2'))
  t.same(heard, ['first 1', 'once 1', 'on 1', 'first 2', 'on 2'])
  t.match(await waited, [{ message: { content: '1' } }])
})

for (const method of ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const) {
  test(`${method} of a name that never comes throws, and names those that do`, async (t) => {
    const { app } = await createApp(t, { events: { orderPaid: Type.Object({}) } })
    const names = 'orderPaid, unknown, event, invalid, error, newListener, removeListener, '
    for (const [typed, hint] of [
      ['newmessage', " Did you mean 'newMessage'?"], ['newMesage', " Did you mean 'newMessage'?"], ['NEW_MESSAGE', " Did you mean 'newMessage'?"], ['message', " Did you mean 'newMessage'?"],
      ['smsReport', ''], ['oderPiad', " Did you mean 'orderPaid'?"], ['evnt', " Did you mean 'event'?"], ['x', ''], ['', ''], ['toString', ''],
      [Symbol('newMessage'), '']
    ] as const) {
      const add = () => app.webhooks[method](typed as 'event', () => {})
      const error = t.throws(add, { name: 'FastifyError', code: 'FST_ONEROUTE_UNKNOWN_NAME', statusCode: 500 })
      t.type(error, UnknownNameError)
      t.type(error, TypeError)
      t.match(error, { message: `'${String(typed)}'` })
      t.match(error, { message: `there are newMessage, smsDeliveryReport, ${names}` })
      t.ok(error instanceof Error && error.message.endsWith(`without a schema.${hint}`), String(typed))
      t.equal(app.webhooks.listenerCount(typed), 0)
    }
    for (const name of ['newMessage', 'orderPaid', 'unknown', 'event', 'invalid', 'error']) {
      app.webhooks[method](name as 'event', () => {})
      t.equal(app.webhooks.listenerCount(name), 1, name)
    }
  })
}

test('events.once of a name that never comes rejects, and newListener and removeListener are the emitter\'s own', async (t) => {
  const { app } = await createApp(t)
  await t.rejects(once(app.webhooks, 'newmessage'), { code: 'FST_ONEROUTE_UNKNOWN_NAME' })
  const told: string[] = []
  const on = EventEmitter.prototype.on.bind(app.webhooks) // as those who know no types
  on('newListener', (name: string) => { told.push(`+${name}`) })
  on('removeListener', (name: string) => { told.push(`-${name}`) })
  const listener = () => {}
  app.webhooks.on('newMessage', listener)
  app.webhooks.off('newMessage', listener)
  t.same(told, ['+removeListener', '+newMessage', '-newMessage'])
  app.webhooks.removeAllListeners()
  t.throws(() => on('newmessage', listener), { code: 'FST_ONEROUTE_UNKNOWN_NAME' }, 'also after all have been removed')
  t.doesNotThrow(() => app.webhooks.off('newmessage' as 'event', listener))
})

test('names that Node or JavaScript give a meaning are unknown events like any other', async (t) => {
  const { app } = await createApp(t)
  const heard: string[] = []
  app.webhooks.on('unknown', ({ event }) => { heard.push(event) })
  app.webhooks.on('error', () => { t.fail('is no error') })
  const names = ['error', 'newListener', 'removeListener', '__proto__', 'constructor', 'unknown', 'event', 'x'.repeat(5_000)]
  for (const event of names) t.equal((await post(app, { event })).statusCode, 200)
  t.same(heard, names)
  t.match((await post(app, { event: '' })).json(), { statusCode: 400, code: 'FST_ONEROUTE_NO_EVENT_NAME' })
})

test('receive takes bytes, text or an event, and goes the same way as a request', async (t) => {
  const { app } = await createApp(t, { secret: 'a key that receive does not ask for' })
  const heard: unknown[] = []
  app.webhooks.on('newMessage', (event) => { heard.push(event) })
  const event = message()
  const receipt = await app.webhooks.receive(event)
  t.match(receipt, { status: 'accepted', id: /^[\w-]{43}$/ })
  t.same(await app.webhooks.receive(JSON.stringify(event)), { ...receipt, status: 'duplicate' })
  t.same(await app.webhooks.receive(new TextEncoder().encode(JSON.stringify(event))), { ...receipt, status: 'duplicate' })
  t.same(heard, [event])
  await t.rejects(app.webhooks.receive(''), { code: 'FST_ONEROUTE_EMPTY_BODY' })
  await t.rejects(app.webhooks.receive('{'), { code: 'FST_ONEROUTE_INVALID_JSON' })
  await t.rejects(app.webhooks.receive([]), { code: 'FST_ONEROUTE_NO_EVENT_NAME' })
  await t.rejects(app.webhooks.receive({ event: 'newMessage' }), { code: 'FST_ONEROUTE_INVALID_EVENT', message: /\/message/ })
})

test('receive rejects when a listener fails', async (t) => {
  const { app } = await createApp(t)
  app.webhooks.on('newMessage', () => { throw new Error('broken') })
  await t.rejects(app.webhooks.receive(message()), { code: 'FST_ONEROUTE_NOT_DELIVERED' })
})

test('what is received before the app is ready is delivered once it is', async (t) => {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  await app.register(webhooks)
  const heard: unknown[] = []
  const receiving = app.webhooks.receive(message('a', 'early'))
  app.webhooks.on('newMessage', ({ message }) => { heard.push(message.content) })
  t.match(await receiving, { status: 'accepted' })
  t.same(heard, ['early'])
})

test('what is received after closing is refused', async (t) => {
  const { app } = await createApp(t)
  await app.ready()
  await app.close()
  await t.rejects(app.webhooks.receive(message()), { code: 'FST_ONEROUTE_CLOSING' })
})

test('a listener may receive further events', async (t) => {
  const { app } = await createApp(t)
  const heard: unknown[] = []
  app.webhooks.on('newMessage', ({ message: { content } }) => {
    heard.push(content)
    if (content === 'outer') receiving = app.webhooks.receive(message('b', 'inner'))
  })
  let receiving: Promise<unknown> | undefined
  await post(app, message('a', 'outer'))
  t.match(await receiving, { status: 'accepted' })
  t.same(heard, ['outer', 'inner'])
})

test('events of one\'s own have a schema and a name of their own', async (t) => {
  const { app } = await createApp(t, { events: { orderPaid: Type.Object({ event: Type.Literal('orderPaid'), total: Type.Number() }) } })
  const heard: unknown[] = []
  app.webhooks.on('orderPaid' as 'newMessage', (event: unknown) => { heard.push(event) })
  app.webhooks.on('unknown', () => { t.fail('has a name') })
  t.equal((await post(app, { event: 'orderPaid', total: 5 })).statusCode, 200)
  const refused = await post(app, { event: 'orderPaid', total: '5' })
  t.equal(refused.statusCode, 400)
  t.match(answerOf(refused), { code: 'FST_ONEROUTE_INVALID_EVENT', message: /\/total/ })
  t.same(heard, [{ event: 'orderPaid', total: 5 }])
})

test('removeAllListeners removes listeners, and not what tells delivery of new ones', async (t) => {
  const { app } = await createApp(t)
  app.webhooks.on('newMessage', () => { t.fail('was removed') })
  app.webhooks.removeAllListeners('newMessage')
  t.equal(app.webhooks.listenerCount('newMessage'), 0)
  app.webhooks.on('newMessage', () => { t.fail('was removed') })
  app.webhooks.removeAllListeners()
  t.same(app.webhooks.eventNames(), ['newListener'])
  await post(app, fixture('new-message'))
  await turns()
})

test('what the inbox is asked for wrongly is refused before it is asked', async (t) => {
  const { app } = await createApp(t)
  const { inbox } = app.webhooks
  const wrong: Array<Promise<unknown>> = [
    inbox.get(undefined as never), inbox.replay('an id' as never), inbox.replay([1] as never), inbox.list({ limit: 0 }),
    inbox.replay([], { all: 1 } as never), inbox.discard('an id' as never), inbox.forget(5 as never), inbox.forget('')
  ]
  for (const asked of wrong) {
    await t.rejects(asked, { code: 'FST_ONEROUTE_INVALID_OPTION' })
  }
})

test('that the app has a route of the same path is said at start', async (t) => {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  app.post('/webhooks/oneroute', async () => 'mine')
  await t.rejects(async () => { await app.register(webhooks) }, { code: 'FST_ERR_DUPLICATED_ROUTE' })
})
