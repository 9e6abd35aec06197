import Fastify from 'fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { describe, expect, test } from 'tstyche'
import inspector from 'fastify-oneroute-webhooks/inspector'
import type { Authorize, InspectorOptions } from 'fastify-oneroute-webhooks/inspector'

const app = Fastify()

describe('authorize', () => {
  test('says whether it admits, at once or later', () => {
    expect<Authorize>().type.toBe<(request: FastifyRequest, reply: FastifyReply) => boolean | Promise<boolean>>()
    expect<Authorize>().type.toBeAssignableFrom(() => true)
    expect<Authorize>().type.toBeAssignableFrom(async ({ headers }: FastifyRequest) => await Promise.resolve(headers.authorization === 'a'))
    expect<InspectorOptions['authorize']>().type.toBeAssignableFrom('loopback' as const)
  })

  test('may reply by itself', () => {
    expect<Authorize>().type.toBeAssignableFrom(async (_request: FastifyRequest, reply: FastifyReply) => await reply.redirect('/login'))
  })

  test('is not what only looks like an answer', () => {
    expect<Authorize>().type.not.toBeAssignableFrom(() => undefined)
    expect<Authorize>().type.not.toBeAssignableFrom(() => {})
    expect<Authorize>().type.not.toBeAssignableFrom(async () => { await Promise.resolve() })
    expect<Authorize>().type.not.toBeAssignableFrom(({ headers }: FastifyRequest) => headers.authorization)
    expect<Authorize>().type.not.toBeAssignableFrom((request: FastifyRequest & { user?: { isAdmin: boolean } }) => request.user?.isAdmin)
    expect<Authorize>().type.not.toBeAssignableFrom(() => 1)
  })

  test('is not a hook with a callback', () => {
    expect<Authorize>().type.not.toBeAssignableFrom((_request: FastifyRequest, _reply: FastifyReply, done: () => void) => { done() })
    // @ts-expect-error is not assignable
    void app.register(inspector, { authorize: (_request: FastifyRequest, _reply: FastifyReply, done: () => boolean) => done() })
  })

  test('is required', () => {
    // @ts-expect-error Property 'authorize' is missing
    void app.register(inspector, { prefix: '/inspector' })
    void app.register(inspector, { prefix: '/inspector', authorize: 'loopback' })
    void app.register(inspector, { prefix: '/inspector', authorize: () => false, redact: ['content'] })
  })
})
