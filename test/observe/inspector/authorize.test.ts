import { setImmediate as turn } from 'node:timers/promises'
import Fastify from 'fastify'
import { test } from 'tap'
import { isLoopback } from '../../../lib/observe/inspector/loopback.ts'
import { inspector } from '../../../lib/observe/inspector/inspector.ts'
import type { InspectorOptions } from '../../../lib/observe/inspector/inspector.ts'
import { createApp, message } from '../../helpers/app.ts'
import { anybody, createInspected } from './inspected.ts'

type Authorize = Exclude<InspectorOptions['authorize'], 'loopback'>

test('who may look has to be said', async (t) => {
  const withCallback = (_request: object, _reply: object, done: () => void) => { done() }
  const wrong: Array<[object, RegExp]> = [
    [{}, /`authorize` of the inspector's options must be a function, or 'loopback', got undefined/],
    [{ authorize: undefined }, /must be a function/],
    [{ authorize: 'all' }, /must be a function, or 'loopback', got 'all'/],
    [{ authorize: withCallback }, /must take \(request, reply\) .*got a function with 3 parameters: .*Wrap it by `promisify`/],
    [{ authorize: anybody, redact: 'name' }, /`redact` of the inspector's options must be a list of names/],
    [{ authorize: anybody, auth: 1 }, /`auth` is not one of the inspector's options/]
  ]
  for (const [options, message] of wrong) {
    const { app } = await createApp(t)
    await t.rejects(async () => { await app.register(inspector, options as InspectorOptions) }, { code: 'FST_ONEROUTE_INVALID_OPTION', message })
  }
  await t.rejects(async () => { await Fastify().register(inspector, { authorize: 'loopback' }) }, { code: 'FST_ONEROUTE_NOT_REGISTERED' })
})

const paths = ['/inspector', '/inspector/', '/inspector/page.js', '/inspector/page.css', '/inspector/api/events', '/inspector/api/events/x', '/inspector/api/ids', '/inspector/api/export', '/inspector/api/stream']

test('nothing is shown to whom it is not for: not the page, not the stream', async (t) => {
  const refusals: Array<[Authorize, number]> = [
    [() => false, 403],
    [async () => await Promise.resolve(false), 403],
    [() => { throw Object.assign(new Error('log in'), { statusCode: 401 }) }, 401],
    [async (_request, reply) => await reply.code(418).send('no'), 418],
    [async (_request, reply) => {
      await reply.code(418).send('no')
      return false
    }, 418],
    [() => { throw new Error(`secret of ${message().event}`) }, 500]
  ]
  for (const [authorize, status] of refusals) {
    const { app } = await createInspected(t, {}, { authorize })
    for (const path of paths) {
      const { statusCode, body, headers } = await app.inject(path)
      t.equal(statusCode, status, `${path}: ${status}`)
      t.notMatch(body, 'secret of')
      t.equal(headers['cache-control'], 'no-store')
    }
    const { statusCode } = await app.inject({ method: 'POST', url: '/inspector/api/replay', payload: { ids: ['x'] } })
    t.equal(statusCode, status)
  }
})

for (const [value, name = String(value)] of [
  [undefined], [null], [0], ['', "''"], [1], ['yes'], [{}, 'an object'], [[], 'a list'], [() => true, 'a function'], [Object(true), 'a boxed true']
] as Array<[value: unknown, name?: string]>) {
  test(`only true admits: ${name} does not`, async (t) => {
    for (const authorize of [() => value, async () => await Promise.resolve(value)]) {
      const { app } = await createInspected(t, {}, { authorize: authorize as Authorize }) // what JavaScript may give
      for (const path of paths) t.match((await app.inject(path)).json(), { statusCode: 403, code: 'FST_ONEROUTE_NOT_AUTHORIZED' }, path)
    }
  })
}

test('true admits, at once and later', async (t) => {
  for (const authorize of [() => true, async () => await Promise.resolve(true)]) {
    const { ask } = await createInspected(t, {}, { authorize })
    t.equal((await ask('events')).statusCode, 200)
  }
})

test('one that replies by itself is waited for, whatever hooks the app has', async (t) => {
  const { app } = await createApp(t)
  app.addHook('onSend', async () => { await turn() })
  await app.register(inspector, { prefix: '/inspector', authorize: async (_request, reply) => await reply.redirect('/login') })
  t.match(await app.inject('/inspector/api/events'), { statusCode: 302, headers: { location: '/login' } })
})

for (const [name, thrown, status, before = 200] of [
  ['an error after a status', new Error('no'), 401, 401],
  ['an error after a redirection', new Error('no'), 500, 302],
  ["an error's status, rather than that of the reply", Object.assign(new Error('no'), { statusCode: 429 }), 429, 401],
  ["an error's other status", Object.assign(new Error('no'), { status: 401 }), 401],
  ['the first that is one', Object.assign(new Error('no'), { statusCode: 99, status: 404 }), 404],
  ['a status that is text', Object.assign(new Error('no'), { statusCode: '401' }), 401],
  ['a status that is no error', Object.assign(new Error('no'), { statusCode: 200 }), 500],
  ['a status that there cannot be', Object.assign(new Error('no'), { statusCode: 99 }), 500],
  ['a status without a name', Object.assign(new Error('no'), { statusCode: 499 }), 499],
  ['null', null, 500],
  ['null after a status', null, 500, 403],
  ['undefined', undefined, 500],
  ['text', 'no', 500],
  ['text after a status', 'no', 401, 401]
] as Array<[name: string, thrown: unknown, status: number, before?: number]>) {
  test(`what is thrown has the status that Fastify gives it: ${name}`, async (t) => {
    const refuse: Authorize = (_request, reply) => {
      reply.code(before).header('www-authenticate', 'Basic')
      throw thrown
    }
    const { app } = await createInspected(t, {}, { authorize: refuse })
    const { statusCode, headers } = await app.inject('/inspector/api/events')
    t.equal(statusCode, status)
    t.equal(headers['www-authenticate'], 'Basic', 'what it has set is kept, too')
    const host = Fastify()
    host.get('/', { onRequest: async (request, reply) => { await refuse(request, reply) } }, () => 'shown')
    t.equal((await host.inject('/')).statusCode, status, "Fastify's own answer")
  })
}

for (const [name, statusCode] of [['is not whole', 401.5], ['is none', NaN], ['is an object', { valueOf: () => { throw new Error('no') } }], ['is a symbol', Symbol('401')]] as const) {
  test(`what is thrown with a status that ${name} is a fault`, async (t) => {
    const { app } = await createInspected(t, {}, { authorize: () => { throw Object.assign(new Error('no'), { statusCode }) } })
    t.match((await app.inject('/inspector/api/events')).json(), { statusCode: 500, message: 'The inspector could not do it: the log says why' })
  })
}

test('a page is always told something', async (t) => {
  const { app } = await createInspected(t, {}, { authorize: () => { throw Object.assign(new Error('no'), { statusCode: 499 }) } })
  t.same((await app.inject('/inspector/api/events')).json(), { statusCode: 499, message: 'Refused' })
})

test('what was thrown is for the log', async (t) => {
  for (const [statusCode, level, said] of [[401, 20, 'the inspector was told to refuse a request'], [502, 50, 'the inspector could not answer']] as const) {
    const { app, lines } = await createInspected(t, {}, { authorize: () => { throw Object.assign(new Error('secret db password'), { statusCode, code: 'secret code' }) } })
    const { body } = await app.inject('/inspector/api/events')
    t.notMatch(body, 'secret')
    t.match(lines.filter(({ msg }) => msg === said), [{ level, err: { message: 'secret db password' } }])
  }
})

test("'loopback' admits this machine, by a name of its own", async (t) => {
  const { app } = await createInspected(t, {}, { authorize: 'loopback' })
  const statusOf = async (remoteAddress: string, host: string) => (await app.inject({ url: '/inspector/', remoteAddress, headers: { host } })).statusCode
  for (const host of ['localhost', 'localhost:3000', '127.0.0.1:80', '[::1]:3000', 'LOCALHOST']) t.equal(await statusOf('127.0.0.1', host), 200, host)
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:3000', 'localhost:port']) t.equal(await statusOf('127.0.0.1', host), 403, host)
  for (const address of ['192.0.2.1', '10.0.0.1', '2001:db8::1']) t.equal(await statusOf(address, 'localhost'), 403, address)
  t.equal(isLoopback({ socket: { remoteAddress: '::1', remoteFamily: 'IPv6' }, headers: { host: '[::1]:3000' } }), true)
  t.equal(isLoopback({ socket: { remoteAddress: '::ffff:127.0.0.1', remoteFamily: 'IPv6' }, headers: { host: 'localhost' } }), true, 'as a socket for both has it')
  t.equal(isLoopback({ socket: { remoteAddress: '::ffff:192.0.2.1', remoteFamily: 'IPv6' }, headers: { host: 'localhost' } }), false)
  t.equal(isLoopback({ socket: {}, headers: { host: 'localhost' } }), false, 'gone already')
  t.equal(isLoopback({ socket: { remoteAddress: '127.0.0.1', remoteFamily: 'IPv4' }, headers: {} }), false)
})

test("'loopback' refuses what was passed on, also by a tunnel that changes its host", async (t) => {
  const { app } = await createInspected(t, {}, { authorize: 'loopback' })
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  const statusOf = async (headers: Record<string, string> = {}) => (await fetch(`http://127.0.0.1:${port}/inspector/api/events`, { headers })).status
  t.equal(await statusOf(), 200)
  t.equal(await statusOf({ 'x-request-id': '1', 'forwarded-not': '1' }), 200)
  for (const name of ['Forwarded', 'X-Forwarded-For', 'x-forwarded-host', 'x-forwarded-anything', 'X-Real-IP', 'Via', 'CF-Connecting-IP']) {
    t.equal(await statusOf({ [name]: '127.0.0.1' }), 403, name)
    t.equal(await statusOf({ [name]: '' }), 403, `${name}, empty`)
  }
})
