import { createHmac } from 'node:crypto'
import { Value } from '@sinclair/typebox/value'
import fc, { runs } from '../helpers/property.ts'
import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import { test } from 'tap'
import { NewMessage, SmsDeliveryReport } from '../../lib/events/schemas.ts'
import { newMessage, post, sign, smsDeliveryReport } from '../../lib/testing/testing.ts'
import { merge } from '../../lib/testing/merge.ts'
import { createApp, fixture } from '../helpers/app.ts'

/** A documented sample, as JSON without spaces: of the fields in their order. */
function sample (name: Parameters<typeof fixture>[0]): string {
  return JSON.stringify(JSON.parse(fixture(name).toString()))
}

const secret = 'a key with ünïcode'
const hmac = (body: string | Uint8Array) => createHmac('sha512', secret).update(body).digest('hex')

test('newMessage is the documented sample, but for ids and times', (t) => {
  const { message, conversation } = JSON.parse(sample('new-message')) as NewMessage // the schema was made from it
  const { id, lastMessageAt, createdAt, updatedAt } = conversation
  const event = newMessage({
    message: { externalId: null, sender: { lastActivity: message.sender.lastActivity } },
    conversation: { id, lastMessageAt, createdAt, updatedAt }
  })
  t.equal(JSON.stringify(event), sample('new-message'))
  t.end()
})

test('smsDeliveryReport is the documented sample, but for ids and times', (t) => {
  const report = JSON.parse(sample('sms-delivery-report')) as SmsDeliveryReport // the schema was made from it
  const times = { delivered_time: report.conversation.delivered_time, createdAt: report.conversation.createdAt }
  const { id, externalId } = report.conversation
  t.equal(JSON.stringify(smsDeliveryReport({ conversation: { id, externalId, ...times } })), sample('sms-delivery-report'))
  t.end()
})

test('no two events are the same, and each is of its schema', (t) => {
  const messages = Array.from({ length: 100 }, () => newMessage())
  const reports = Array.from({ length: 100 }, () => smsDeliveryReport())
  t.equal(new Set([...messages, ...reports].map((event) => JSON.stringify(event))).size, 200)
  t.equal(new Set(messages.map(({ message }) => message.externalId)).size, 100)
  t.equal(new Set(messages.map(({ conversation }) => conversation.id)).size, 100)
  t.equal(new Set(reports.map(({ conversation }) => conversation.externalId)).size, 100)
  t.equal(new Set(reports.map(({ conversation }) => conversation.id)).size, 100)
  t.ok(messages.every((event) => Value.Check(NewMessage, event)))
  t.ok(reports.every((event) => Value.Check(SmsDeliveryReport, event)))
  t.end()
})

test('an event is of now', (t) => {
  const before = Date.now()
  const { message, conversation } = newMessage()
  const times = [
    message.sender.lastActivity, conversation.lastMessageAt, conversation.createdAt, conversation.updatedAt,
    smsDeliveryReport().conversation.delivered_time, smsDeliveryReport().conversation.createdAt
  ]
  for (const time of times) t.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now(), time)
  t.end()
})

test('the conversation id is the same in both places, wherever it is given', (t) => {
  const ids = (event: NewMessage) => [event.message.conversation_id, event.conversation.id]
  const [first, second] = ids(newMessage())
  t.equal(first, second)
  t.same(ids(newMessage({ conversation: { id: 'a' } })), ['a', 'a'])
  t.same(ids(newMessage({ message: { conversation_id: 'b' } })), ['b', 'b'])
  t.same(ids(newMessage({ conversation: { id: 'a' }, message: { conversation_id: undefined } })), ['a', 'a'])
  t.same(ids(newMessage({ conversation: { id: 'a' }, message: { conversation_id: 'b' } })), ['b', 'a'], 'as asked, if both are')
  t.end()
})

test('overrides reach every depth and leave the rest', (t) => {
  const event = newMessage({
    message: { content: 'Hi', sender: { name: 'Ada' }, replyOptions: [{ text: 'Yes' }] },
    conversation: { subject: 'S', agent: { name: 'Bo' }, Channel: { medium: 'EMAIL', credentials: { email: 'a@b.c' } } }
  })
  t.match(event, {
    message: { content: 'Hi', contentType: 'TEXT', sender: { name: 'Ada', authUser: false }, replyOptions: [{ text: 'Yes' }] },
    conversation: {
      subject: 'S',
      agent: { name: 'Bo' },
      customer: { name: 'Customer name' },
      Channel: { medium: 'EMAIL', credentials: { email: 'a@b.c' }, country: 'NG' }
    }
  })
  t.ok(Value.Check(NewMessage, event))
  const report = smsDeliveryReport({ conversation: { status: 'undelivered', units: 2 } })
  t.match(report, { message: null, conversation: { status: 'undelivered', units: 2, from: 'Name' } })
  t.end()
})

test('merging replaces arrays and null, ignores undefined, and changes neither argument', (t) => {
  const base = { list: [1, 2], object: { a: 1, b: 2 }, nothing: null, text: 'x' }
  const overrides = { list: [3], object: { b: undefined, c: 3 }, nothing: { now: 1 }, text: null }
  const [before, asked] = [structuredClone(base), structuredClone(overrides)]
  t.strictSame(merge<object>(base, overrides), { list: [3], object: { a: 1, b: 2, c: 3 }, nothing: { now: 1 }, text: null })
  t.strictSame(base, before)
  t.strictSame(overrides, asked)
  t.end()
})

test('events share no part, and none with the overrides of another', (t) => {
  const [a, b] = [newMessage(), newMessage()]
  a.conversation.customer.name = 'changed'
  a.conversation.Channel.name = 'changed'
  t.equal(b.conversation.customer.name, 'Customer name')
  t.equal(newMessage().conversation.Channel.name, 'Channel name')
  t.end()
})

test('fields of any name are merged as fields, and reach no prototype', (t) => {
  const name = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'a')
  const { tree } = fc.letrec<{ tree: object }>((tie) => ({
    // As JSON.parse makes them: a `__proto__` is a field like any other.
    tree: fc.array(fc.tuple(name, fc.oneof({ maxDepth: 4 }, fc.integer(), tie('tree')))).map((entries) => Object.fromEntries(entries))
  }))
  const names = Object.getOwnPropertyNames(Object.prototype).join()
  fc.assert(fc.property(tree, tree, (base, override) => {
    const result = merge(base, override)
    const keys = new Set([...Object.keys(base), ...Object.keys(override)])
    return Object.keys(result).sort().join() === [...keys].sort().join() &&
      Object.getPrototypeOf(result) === Object.prototype &&
      Object.getOwnPropertyNames(Object.prototype).join() === names
  }), runs(500))

  const hostile = JSON.parse('{"__proto__":{"polluted":1},"message":{"constructor":{"prototype":{"polluted":1}}}}') as object
  newMessage(hostile)
  t.notOk('polluted' in {})
  t.end()
})

test('sign gives the HMAC-SHA512 of text, of bytes and of an object as JSON', (t) => {
  const event = newMessage()
  const text = JSON.stringify(event)
  t.equal(sign(text, secret), hmac(text))
  t.equal(sign(event, secret), hmac(text))
  t.equal(sign(Buffer.from(text), secret), hmac(text))
  t.equal(sign(new TextEncoder().encode('Hello ünïverse').subarray(6), secret), hmac('ünïverse'))
  t.end()
})

test('sign refuses a blank secret, and one that is not there', (t) => {
  t.type(t.throws(() => sign('{}', '')), TypeError)
  t.throws(() => sign('{}', ' \n'), { message: '`secret` must be a key that is not blank, got a blank string' })
  const missing = process.env.NO_SUCH_VARIABLE as string // what a careless test does
  t.throws(() => sign('{}', missing), { message: '`secret` must be a key that is not blank, got undefined' })
  t.end()
})

test('post sends an event, text or bytes as they are, signed if there is a secret', async (t) => {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  const requests: Array<Pick<FastifyRequest, 'headers' | 'body' | 'url'>> = []
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  app.post('/*', ({ headers, body, url }) => {
    requests.push({ headers, body, url })
    return { status: 'accepted' }
  })
  const event = newMessage()
  const bodies = [event, 'not { JSON', Buffer.from('bytes'), new TextEncoder().encode('more ünicode').subarray(5)]
  for (const body of bodies) t.same((await post(app, body, { secret })).json(), { status: 'accepted' })
  const sent = [JSON.stringify(event), 'not { JSON', 'bytes', 'ünicode']
  t.same(requests.map(({ body }) => String(body)), sent)
  t.same(requests.map(({ headers }) => headers['x-oneroute-signature']), sent.map(hmac))
  t.ok(requests.every(({ headers, url }) => headers['content-type'] === 'application/json' && url === '/webhooks/oneroute'))

  await post(app, event, { url: '/hooks' })
  t.equal(requests.at(-1)?.url, '/hooks')
  t.notOk('x-oneroute-signature' in (requests.at(-1)?.headers ?? {}))
  await t.rejects(post(app, event, { secret: '' }), { code: 'FST_ONEROUTE_INVALID_OPTION' })
})

test('what is posted is received by the plugin', async (t) => {
  const { app } = await createApp(t, { secret })
  const heard: unknown[] = []
  app.webhooks.on('event', (event) => { heard.push(event) })
  const events = [newMessage(), smsDeliveryReport(), newMessage()]
  for (const event of events) t.match((await post(app, event, { secret })).json(), { status: 'accepted' })
  t.same(heard, events)
  t.match((await post(app, JSON.stringify(events[0]), { secret })).json(), { status: 'duplicate' })
  t.equal((await post(app, newMessage(), { secret: 'another' })).statusCode, 401)
  t.equal((await post(app, newMessage())).statusCode, 401)
  t.equal((await post(app, newMessage(), { secret, url: '/elsewhere' })).statusCode, 404)
})
