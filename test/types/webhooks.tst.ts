import { once } from 'node:events'
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import Fastify from 'fastify'
import { describe, expect, test } from 'tstyche'
import webhooks, { DeliveryError, memoryInbox, NewMessage, SmsDeliveryReport, Webhooks } from 'fastify-oneroute-webhooks'
import type { Inbox, UnknownEvent, WebhookContext, WebhooksOptions } from 'fastify-oneroute-webhooks'
import { sqliteInbox } from 'fastify-oneroute-webhooks/sqlite'
import type { SqliteInboxOptions } from 'fastify-oneroute-webhooks/sqlite'
import { newMessage, post, sign } from 'fastify-oneroute-webhooks/testing'

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
      expect(event.message.content).type.toBe<string>()
      expect(event.message.imageUrl).type.toBe<string | null>()
      expect(event.conversation.agent).type.toBe<string | Record<string, unknown> | null>()
    })
    app.webhooks.once('smsDeliveryReport', async (event) => {
      expect(event).type.toBe<SmsDeliveryReport>()
      expect(event.message).type.toBe<null>()
      await Promise.resolve()
    })
    app.webhooks.prependListener('unknown', (event) => { expect(event).type.toBe<UnknownEvent>() })
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
    })
  })

  test('a null that may come has to be checked', () => {
    app.webhooks.on('newMessage', ({ message, conversation }) => {
      // @ts-expect-error 'message.imageUrl' is possibly 'null'
      void message.imageUrl.length
      // @ts-expect-error 'conversation.agent_id' is possibly 'null'
      void conversation.agent_id.length
      // @ts-expect-error is of type 'unknown'
      void message.replyOptions.length
    })
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
    expect(newMessage({ message: { content: 'hi' } })).type.toBe<NewMessage>()
    expect(newMessage).type.not.toBeCallableWith({ message: { content: 5 } })
    expect(newMessage).type.not.toBeCallableWith({ mesage: {} })
    expect(sign('body', 'key')).type.toBe<string>()
    expect(post).type.toBeCallableWith(app, newMessage(), { secret: 'key' })
  })
})
