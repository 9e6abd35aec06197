import { createHmac } from 'node:crypto'
import { Value } from '@sinclair/typebox/value'
import { test } from 'tap'
import { NewMessage, SmsDeliveryReport } from '../index.ts'
import { newMessage, post, sign, smsDeliveryReport } from '../lib/testing.ts'
import { createApp, fixture } from './helpers/app.ts'

test('newMessage is the documented sample but for its ids', async (t) => {
  const sample: unknown = JSON.parse(fixture('new-message').toString())
  const id = 'bf9d96d9-e495-489a-a22a-206b0ea44d90'
  t.same(newMessage({ message: { externalId: null }, conversation: { id } }), sample)
  t.ok(Value.Check(NewMessage, newMessage()))
})

test('smsDeliveryReport is the documented sample but for its ids', async (t) => {
  const sample: unknown = JSON.parse(fixture('sms-delivery-report').toString())
  t.same(smsDeliveryReport({ conversation: { id: '1234567', externalId: '1234567890' } }), sample)
  t.ok(Value.Check(SmsDeliveryReport, smsDeliveryReport()))
})

test('every event has ids of its own, and no two share a part', async (t) => {
  const [a, b] = [newMessage(), newMessage()]
  t.not(a.message.externalId, b.message.externalId)
  t.not(a.conversation.id, b.conversation.id)
  t.equal(a.message.conversation_id, a.conversation.id)
  a.conversation.customer.name = 'changed'
  t.not(newMessage().conversation.customer.name, 'changed')
  t.not(smsDeliveryReport().conversation.id, smsDeliveryReport().conversation.id)
})

test('the conversation\'s id may be given in either place', async (t) => {
  for (const event of [newMessage({ conversation: { id: 'c' } }), newMessage({ message: { conversation_id: 'c' } })]) {
    t.match(event, { conversation: { id: 'c' }, message: { conversation_id: 'c' } })
  }
})

test('overrides go to any depth, replace values, and add fields', async (t) => {
  const event = newMessage({
    message: { content: 'hi', contentType: 'STICKER', sender: { name: 'Ada' }, imageUrl: 'https://image', replyOptions: [{ text: 'yes' }] },
    conversation: { agent: { name: 'Bob' }, country: undefined, Channel: { credentials: { email: 'x' } } }
  })
  t.match(event, {
    message: { content: 'hi', contentType: 'STICKER', sender: { name: 'Ada', authUser: false }, imageUrl: 'https://image', replyOptions: [{ text: 'yes' }] },
    conversation: { agent: { name: 'Bob' }, country: 'NG', Channel: { credentials: { email: 'x' }, medium: 'WHATSAPP' } }
  })
  t.ok(Value.Check(NewMessage, event))
})

test('overrides from JSON cannot change a prototype', async (t) => {
  const overrides = JSON.parse('{"__proto__":{"polluted":1},"message":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}') as object
  newMessage(overrides)
  t.notOk('polluted' in {})
})

test('sign gives HMAC-SHA512 of text, of bytes, and of an object\'s JSON', async (t) => {
  const wanted = createHmac('sha512', 'k').update('{"a":1}').digest('hex')
  t.same([sign('{"a":1}', 'k'), sign(Buffer.from('{"a":1}'), 'k'), sign({ a: 1 }, 'k')], [wanted, wanted, wanted])
  t.throws(() => sign('body', ' '), TypeError)
})

test('post sends an event to the route as OneRoute would', async (t) => {
  const { app } = await createApp(t, { secret: 'k', path: '/hooks' })
  const heard: unknown[] = []
  app.webhooks.on('newMessage', (event) => { heard.push(event) })
  const event = newMessage()
  t.equal((await post(app, event, { secret: 'k', url: '/hooks' })).statusCode, 200)
  t.equal((await post(app, JSON.stringify(event, null, 2), { secret: 'k', url: '/hooks' })).statusCode, 200)
  t.equal((await post(app, event, { secret: 'wrong', url: '/hooks' })).statusCode, 401)
  t.equal((await post(app, event, { url: '/hooks' })).statusCode, 401)
  t.equal((await post(app, event)).statusCode, 404)
  t.same(heard, [event, event])
})
