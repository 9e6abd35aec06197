import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import Fastify from 'fastify'
import { describe, expect, test } from 'tstyche'
import webhooks from 'fastify-oneroute-webhooks'
import type { CollectContext, CollectedName, CollectListener, CollectOptions, NewMessage, SmsDeliveryReport, UnknownEvent, WebhookContext } from 'fastify-oneroute-webhooks'

export const CallEnded = Type.Object({ event: Type.Literal('callEnded'), seconds: Type.Number() })

declare module 'fastify-oneroute-webhooks' {
  interface WebhookEvents {
    callEnded: Static<typeof CallEnded>
  }
}

const app = Fastify()
await app.register(webhooks)

describe('app.webhooks.collect', () => {
  test('gives the collector events of its name, and returns what removes it', () => {
    const remove = app.webhooks.collect('newMessage', { quiet: 2_000, within: 15_000, most: 20 }, async (events, context) => {
      expect(events).type.toBe<readonly [NewMessage, ...NewMessage[]]>()
      expect(context).type.toBe<CollectContext>()
      await Promise.resolve()
    })
    expect(remove).type.toBe<() => void>()
    app.webhooks.collect('smsDeliveryReport', {}, (events) => { expect(events).type.toBe<readonly [SmsDeliveryReport, ...SmsDeliveryReport[]]>() })
    app.webhooks.collect('callEnded', {}, ([first, second]) => { expect([first.seconds, second?.seconds] as const).type.toBe<readonly [number, number | undefined]>() })
    app.webhooks.collect('unknown', {}, (events) => { expect(events).type.toBe<readonly [UnknownEvent, ...UnknownEvent[]]>() })
    app.webhooks.collect('event', {}, (events) => { expect(events[0].event).type.toBe<string>() })
  })

  test('has no other names: nothing collects what is invalid, or errors', () => {
    expect<CollectedName>().type.toBeAssignableFrom<'newMessage' | 'smsDeliveryReport' | 'callEnded' | 'unknown' | 'event'>()
    expect<CollectedName>().type.not.toBeAssignableFrom<'invalid'>()
    expect(app.webhooks.collect).type.not.toBeCallableWith('invalid', {}, () => undefined)
    expect(app.webhooks.collect).type.not.toBeCallableWith('error', {}, () => undefined)
    expect(app.webhooks.collect).type.not.toBeCallableWith('newMesage', {}, () => undefined)
  })

  test('takes its options before the listener, and no others', () => {
    expect<CollectOptions>().type.toBe<{ quiet?: number | undefined, within?: number | undefined, most?: number | undefined }>()
    expect(app.webhooks.collect).type.not.toBeCallableWith('newMessage', () => undefined)
    expect(app.webhooks.collect).type.not.toBeCallableWith('newMessage', { quit: 5 }, () => undefined)
    expect(app.webhooks.collect).type.not.toBeCallableWith('newMessage', { quiet: '5' }, () => undefined)
  })

  test('cannot change the events that others have, too', () => {
    app.webhooks.collect('newMessage', {}, (events) => { expect(events).type.not.toHaveProperty('push') })
    expect<CollectListener<'newMessage'>>().type.toBeAssignableFrom<(events: readonly NewMessage[], context: CollectContext) => unknown>()
  })
})

describe('CollectContext', () => {
  test('has the ids of the events, and what listeners have but for what is of one event', () => {
    expect<CollectContext['ids']>().type.toBe<readonly [string, ...string[]]>()
    expect<CollectContext['completeIn']>().type.toBe<WebhookContext['completeIn']>()
    expect<CollectContext['signal']>().type.toBe<AbortSignal>()
    expect<CollectContext['attempt']>().type.toBe<number>()
    expect<CollectContext>().type.not.toHaveProperty('id')
    expect<CollectContext>().type.not.toHaveProperty('receivedAt')
    expect<CollectContext>().type.not.toHaveProperty('problems')
    app.webhooks.on('error', ({ context }) => { expect(context.ids).type.toBe<readonly string[] | undefined>() })
  })
})
