import { once } from 'node:events'
import { Type } from '@sinclair/typebox'
import type { Static, TSchema } from '@sinclair/typebox'
import type { TNumber, TObject } from '@sinclair/typebox' with { 'resolution-mode': 'require' }
import Fastify from 'fastify'
import { describe, expect, test } from 'tstyche'
import webhooks, { DeliveryError, memoryInbox, NewMessage, SmsDeliveryReport, Webhooks } from 'fastify-oneroute-webhooks'
import type { EventSchema, Inbox, UnknownEvent, WebhookContext, WebhookListener, WebhooksOptions } from 'fastify-oneroute-webhooks'
import { sqliteInbox } from 'fastify-oneroute-webhooks/sqlite'
import type { SqliteInboxOptions } from 'fastify-oneroute-webhooks/sqlite'
import { newMessage, post, sign, smsDeliveryReport } from 'fastify-oneroute-webhooks/testing'
import type { NewMessageSample, SmsDeliveryReportSample } from 'fastify-oneroute-webhooks/testing'

const OrderPaid = Type.Object({ event: Type.Literal('orderPaid'), total: Type.Number() })

declare module 'fastify-oneroute-webhooks' {
  interface WebhookEvents {
    orderPaid: Static<typeof OrderPaid>
  }
}

const app = Fastify()

describe('app.webhooks', () => {
  test('is typed after register', async () => {
    await app.register(webhooks, { secret: process.env.ONEROUTE_SECRET })
    expect(app.webhooks).type.toBe<Webhooks>()
  })

  test('gives each listener the event of its name', () => {
    app.webhooks.on('newMessage', (event, context) => {
      expect(event).type.toBe<NewMessage>()
      expect(context).type.toBe<WebhookContext>()
      expect(event.message.content).type.toBe<string | null | undefined>()
      expect(event.conversation.agent).type.toBe<string | Record<string, unknown> | null | undefined>()
      expect(event.conversation.id).type.toBe<string>()
    })
    app.webhooks.once('smsDeliveryReport', async (event) => {
      expect(event).type.toBe<SmsDeliveryReport>()
      expect(event.message).type.toBe<null | undefined>()
      expect(event.conversation.id).type.toBe<string>()
      expect(event.conversation.units).type.toBe<number | null | undefined>()
      await Promise.resolve()
    })
    app.webhooks.prependListener('unknown', (event) => { expect(event).type.toBe<UnknownEvent>() })
    app.webhooks.on('invalid', (event, context) => {
      expect(event).type.toBe<UnknownEvent>()
      expect(context).type.toBe<WebhookContext>()
      expect(context.problems).type.toBe<readonly string[]>()
    })
    expect<WebhookListener<'invalid'>>().type.toBe<(event: UnknownEvent, context: WebhookContext) => unknown>()
    expect<WebhookListener<'unknown'>>().type.toBe<(event: UnknownEvent, context: WebhookContext) => unknown>()
    app.webhooks.on('event', (event) => { expect(event.event).type.toBe<string>() })
    app.webhooks.on('error', (error) => {
      expect(error).type.toBe<DeliveryError>()
      expect(error.retryAt).type.toBe<Date | null>()
    })
  })

  test('knows the names that `declare module` adds', () => {
    app.webhooks.on('orderPaid', (event) => { expect(event.total).type.toBe<number>() })
  })

  test('has no other names', () => {
    // @ts-expect-error No overload matches this call
    app.webhooks.on('newMesage', () => undefined)
    expect(app.webhooks.on).type.not.toBeCallableWith('newMesage', () => undefined)
    expect(app.webhooks.once).type.not.toBeCallableWith('newmessage', () => undefined)
    expect(app.webhooks.off).type.not.toBeCallableWith('message', () => undefined)
  })

  test('suggests the known values of an enumeration and takes any', () => {
    app.webhooks.on('newMessage', ({ conversation: { Channel } }) => {
      expect(Channel.medium).type.toBeAssignableFrom('WHATSAPP' as const)
      expect(Channel.medium).type.toBeAssignableFrom<string>()
      expect(Channel.medium).type.toBeAssignableFrom<null | undefined>()
    })
  })

  test('what may be null or missing has to be checked', () => {
    app.webhooks.on('newMessage', ({ message, conversation }) => {
      // @ts-expect-error 'message.content' is possibly 'null' or 'undefined'
      void message.content.length
      // @ts-expect-error 'conversation.customer.email' is possibly 'null' or 'undefined'
      void conversation.customer.email.length
      // @ts-expect-error is of type 'unknown'
      void message.replyOptions.length
      void conversation.id.length
      void conversation.Channel.webhookUrl?.length
    })
    app.webhooks.on('smsDeliveryReport', ({ conversation }) => {
      // @ts-expect-error 'conversation.delivered_time' is possibly 'null' or 'undefined'
      void conversation.delivered_time.length
    })
  })

  test('what is required is required of those who make one, and the rest may be left out or be null, but not undefined', () => {
    const { message, conversation } = newMessage()
    expect<NewMessage>().type.toBeAssignableFrom({ event: 'newMessage' as const, message: { sender: {} }, conversation: { id: 'a', customer: { name: null }, Channel: {} } })
    expect<NewMessage>().type.not.toBeAssignableFrom({ event: 'newMessage' as const, message, conversation: { ...conversation, id: null } })
    expect<NewMessage>().type.not.toBeAssignableFrom({ event: 'newMessage' as const, message: { ...message, content: undefined }, conversation })
    expect<NewMessage>().type.not.toBeAssignableFrom({ event: 'newMessage' as const, message: {}, conversation })
    expect<SmsDeliveryReport>().type.toBeAssignableFrom({ event: 'smsDeliveryReport' as const, conversation: { id: 'a' } })
  })

  test('is an EventEmitter for those who take one', async () => {
    await once(app.webhooks, 'newMessage')
  })
})

describe('options', () => {
  test('are all optional', () => {
    expect<WebhooksOptions>().type.toBeAssignableFrom({})
    expect(app.register).type.toBeCallableWith(webhooks)
    expect(app.register).type.toBeCallableWith(webhooks, { prefix: '/hooks', secret: 'k', signature: 'raw' as const })
    expect<WebhooksOptions>().type.toBeAssignableFrom({
      path: '/hooks', secret: ['new', 'old'], allowedIps: ['10.0.0.0/8'], inbox: memoryInbox({ keep: 1, history: 1 }), events: { orderPaid: OrderPaid }, retry: { attempts: 3 }
    })
  })

  test('that do not exist, or are of another type, do not compile', () => {
    // @ts-expect-error 'secrets' does not exist
    void app.register(webhooks, { secrets: 'k' })
    // @ts-expect-error No overload matches this call
    void app.register(webhooks, { signature: 'both' })
    // @ts-expect-error Type 'string' is not assignable to type 'number'
    void app.register(webhooks, { concurrency: '64' })
    // @ts-expect-error 'attempt' does not exist
    void app.register(webhooks, { retry: { attempt: 3 } })
    // @ts-expect-error 'handler' does not exist
    void app.register(webhooks, { routeOptions: { handler: () => undefined } })
    expect(memoryInbox).type.not.toBeCallableWith({ size: 3 })
  })
})

describe('schemas of further events', () => {
  test('are those of @sinclair/typebox 0.34, imported or required', () => {
    expect<EventSchema>().type.toBeAssignableFrom(OrderPaid)
    expect<EventSchema>().type.toBeAssignableFrom(Type.Union([OrderPaid, Type.Intersect([OrderPaid, Type.Object({})])]))
    expect<EventSchema>().type.toBeAssignableFrom<TObject<{ total: TNumber }>>()
    expect<TSchema>().type.not.toBeAssignableFrom<TObject<{ total: TNumber }>>() // the two do not fit each other
  })

  test('are nothing else', () => {
    // @ts-expect-error 'type' does not exist in type 'EventSchema'
    void app.register(webhooks, { events: { orderPaid: { type: 'object', properties: {} } } })
    // @ts-expect-error not assignable
    void app.register(webhooks, { events: { orderPaid: 'object' } })
    // @ts-expect-error not assignable
    void app.register(webhooks, { events: { orderPaid: undefined } })
    // @ts-expect-error Index signature for type 'string' is missing
    void app.register(webhooks, { events: [OrderPaid] })
    expect<EventSchema>().type.not.toBeAssignableFrom({ '~kind': 'Object' as const, type: 'object' as const, required: [], properties: {} }) // of typebox 1.x
    expect<EventSchema>().type.not.toBeAssignableFrom({ parse: (value: unknown) => value, '~standard': { version: 1 as const, vendor: 'another', validate: (value: unknown) => ({ value }) } })
    expect<EventSchema>().type.not.toBeAssignableFrom<Static<typeof OrderPaid>>()
  })
})

describe('what is exported', () => {
  test('schemas are types under the same name', () => {
    expect<Static<typeof NewMessage>>().type.toBe<NewMessage>()
    expect<Static<typeof SmsDeliveryReport>>().type.toBe<SmsDeliveryReport>()
  })

  test('an inbox is one whatever its driver', () => {
    expect(memoryInbox()).type.toBe<Inbox>()
    expect(sqliteInbox({ path: 'a.db' })).type.toBe<Inbox>()
  })

  test('a SQLite inbox has a path, and may have more', () => {
    expect<SqliteInboxOptions>().type.toBeAssignableFrom({ path: 'a.db', keep: 1_000 })
    expect(sqliteInbox).type.not.toBeCallableWith()
    expect(sqliteInbox).type.not.toBeCallableWith({ keep: 1_000 })
    expect(sqliteInbox).type.not.toBeCallableWith({ path: 'a.db', history: 10 })
  })

  test('testing makes events of the right type', () => {
    expect(newMessage({ message: { content: 'hi' } })).type.toBe<NewMessageSample>()
    expect<NewMessageSample>().type.toBeAssignableTo<NewMessage>()
    expect<SmsDeliveryReportSample>().type.toBeAssignableTo<SmsDeliveryReport>()
    expect(newMessage).type.not.toBeCallableWith({ message: { content: 5 } })
    expect(smsDeliveryReport).type.not.toBeCallableWith({ conversation: { id: null } })
    expect(newMessage).type.not.toBeCallableWith({ mesage: {} })
    expect(sign('body', 'key')).type.toBe<string>()
    expect(post).type.toBeCallableWith(app, newMessage(), { secret: 'key' })
  })
  test('what testing makes has what the sample has, unless it is overridden with null', () => {
    const event = newMessage({ message: { content: undefined, imageUrl: 'https://example.com/a.png' }, conversation: { agent: { name: 'Bo' } } })
    expect(event.message.content).type.toBe<string>()
    expect(event.message.imageUrl).type.toBe<string | null>()
    expect(event.conversation.Channel.webhookUrl).type.toBe<string>()
    expect(event.conversation.agent).type.toBe<string | Record<string, unknown> | null>()
    expect(event.message.replyOptions).type.toBe<unknown>()
    expect(newMessage({ message: { content: null } })).type.toBe<NewMessage>()
    expect(smsDeliveryReport().conversation.delivered_time).type.toBe<string>()
    expect(smsDeliveryReport().message).type.toBe<null>()
    expect(smsDeliveryReport({ conversation: { delivered_time: null } })).type.toBe<SmsDeliveryReport>()
  })
})
