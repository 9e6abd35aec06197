import { test as nodeTest } from 'node:test'
import { describe, expect, test } from 'tstyche'
import { memoryInbox } from 'fastify-oneroute-webhooks'
import type { Inbox } from 'fastify-oneroute-webhooks'
import { conformance } from 'fastify-oneroute-webhooks/conformance'
import type { ConformanceCase, ConformanceOptions } from 'fastify-oneroute-webhooks/conformance'

describe('conformance', () => {
  test('takes what makes an inbox, at once or later, by the name of its store', () => {
    expect(conformance).type.toBeCallableWith(() => memoryInbox())
    expect(conformance).type.toBeCallableWith(async (store: string) => await Promise.resolve(memoryInbox({ history: store.length })))
    expect(conformance).type.not.toBeCallableWith(memoryInbox())
    expect(conformance).type.not.toBeCallableWith((store: number) => memoryInbox({ history: store }))
  })

  test('takes options', () => {
    expect<ConformanceOptions>().type.toBeAssignableFrom({ durable: false, shared: true, timeout: 5, kill: (store: string) => store })
    expect<ConformanceOptions>().type.toBeAssignableFrom({ kill: async (store: string) => await Promise.resolve(store) })
    expect<ConformanceOptions>().type.not.toBeAssignableFrom({ kill: () => {} })
  })

  test('makes cases for a test framework', () => {
    expect(conformance(() => memoryInbox())).type.toBe<ConformanceCase[]>()
    for (const { name, run } of conformance((): Inbox => memoryInbox())) void nodeTest(name, run)
  })
})
