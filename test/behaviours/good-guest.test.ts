import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { test } from 'tap'
import webhooks, { memoryInbox } from '../../index.ts'
import type { WebhooksOptions } from '../../index.ts'
import { createApp, fixture, message, post } from '../helpers/app.ts'
import { ENV, FLAGS } from '../helpers/environment.ts'
import { deliveries, isRefusal, SECRET, sign } from '../helpers/http.ts'

/** Everything that coercion, defaults or the removal of fields would change. */
const EVENT = {
  ...message('a', ' 1 '),
  extra: { null: null, zero: 0, false: false, text: '', list: [null, '1', 1, {}], constructor: 'text', toString: 1 },
  'a b': '\u0000\ud800 ü 💬',
  number: 1.5e300
}

/** What no host should do, or only to its own routes. */
const never = () => { throw new Error("the host's, for its own routes") }

type SetUp = (app: FastifyInstance) => unknown

const HOSTS: Record<string, { server?: FastifyServerOptions, setUp?: SetUp, after?: SetUp }> = {
  'coerces types, removes what is additional and fills in defaults': {
    server: { ajv: { customOptions: { coerceTypes: 'array', removeAdditional: 'all', useDefaults: true } } }
  },
  'has a validator of its own': { setUp: (app) => { app.setValidatorCompiler(() => never) } },
  'has a serializer of its own': { setUp: (app) => { app.setSerializerCompiler(() => never) } },
  'has compilers that know no TypeBox': {
    setUp: (app) => { app.setValidatorCompiler(never).setSerializerCompiler(never) }
  },
  'serializes every reply itself': { setUp: (app) => { app.setReplySerializer(never) } },
  'formats errors of validation itself': { server: { schemaErrorFormatter: never } },
  'handles errors itself': { setUp: (app) => { app.setErrorHandler(never) } },
  'parses JSON itself': {
    setUp: (app) => { app.removeContentTypeParser('application/json'); app.addContentTypeParser('application/json', never) }
  },
  'parses everything itself': {
    setUp: (app) => {
      app.removeAllContentTypeParsers()
      app.addContentTypeParser(/^application\/.*/, { parseAs: 'string' }, never)
      app.addContentTypeParser('*', { parseAs: 'buffer' }, never)
    }
  },
  'parses everything itself, and says so later': {
    after: (app) => { app.removeAllContentTypeParsers(); app.addContentTypeParser('*', never) }
  },
  'sets all that later': {
    after: (app) => { app.setErrorHandler(never).setValidatorCompiler(() => never).setSerializerCompiler(() => never) }
  },
  'takes only small bodies': { server: { bodyLimit: 10 } },
  'lets __proto__ through': { server: { onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' } },
  'looks at bodies on their way': {
    setUp: (app) => {
      app.addHook('preParsing', async (_request, _reply, payload) => payload)
      app.addHook('preValidation', async ({ body }) => { JSON.stringify(body) })
    }
  },
  'has a schema for every query, header and parameter': {
    setUp: (app) => {
      app.addHook('onRoute', (route) => { route.schema = { ...route.schema, headers: { type: 'object', required: ['content-type'] } } })
    }
  }
}

for (const [host, { server, setUp, after }] of Object.entries(HOSTS)) {
  test(`what arrives is what is emitted, and answers are the same, in an app that ${host}`, async (t) => {
    const app = Fastify(server)
    t.teardown(async () => { await app.close() })
    setUp?.(app)
    await app.register(webhooks, { secret: SECRET, inbox: memoryInbox({ keep: 0 }) })
    after?.(app)
    const heard = deliveries(app)
    const events = [EVENT, JSON.parse(fixture('new-message').toString()), JSON.parse(fixture('sms-delivery-report').toString())]
    for (const event of events) {
      const body = JSON.stringify(event)
      const reply = await post(app, body, sign(body))
      t.equal(reply.statusCode, 200)
      t.match(reply.json(), { status: 'accepted', id: /^[\w-]{43}$/ })
    }
    t.strictSame(heard, events)

    const invalid = JSON.stringify({ ...EVENT, message: { content: '1' } })
    const poisoned = '{"event":"a","__proto__":{"a":1}}'
    for (const [what, reply, code] of [
      ['invalid', await post(app, invalid, sign(invalid)), 'FST_ONEROUTE_INVALID_EVENT'],
      ['poisoned', await post(app, poisoned, sign(poisoned)), 'FST_ONEROUTE_INVALID_JSON'],
      ['not JSON', await post(app, '{', sign('{')), 'FST_ONEROUTE_INVALID_JSON'],
      ['unsigned', await post(app, '{}'), 'FST_ONEROUTE_BAD_SIGNATURE'],
      ['encoded', await post(app, '\u001f', { ...sign('\u001f'), 'content-encoding': 'gzip' }), 'FST_ONEROUTE_UNSUPPORTED_ENCODING'],
      ['large', await post(app, 'x'.repeat(1_048_577), sign('')), 'FST_ONEROUTE_BODY_TOO_LARGE']
    ] as const) isRefusal(t, reply, code, what)
    t.equal(heard.length, events.length)
  })
}

/** An app with routes of its own, made the way its owner likes. */
async function createHost (t: Parameters<typeof createApp>[0], options: WebhooksOptions): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => { done(null, String(body).split(',')) })
  app.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) => {
    reply.code(error.statusCode ?? 500)
    return { host: error.message }
  })
  await app.register(webhooks, options)
  app.post('/own', { schema: { body: { type: ['object', 'string', 'array'], properties: { n: { type: 'integer' } } } } }, async ({ body }) => ({ body }))
  return app
}

test("the app's own routes keep its parsers, its validators, its limits and its error handler", async (t) => {
  const app = await createHost(t, { bodyLimit: 100, allowedIps: ['10.0.0.1'], secret: SECRET })
  const own = async (type: string, payload: string) => await app.inject({ method: 'POST', url: '/own', headers: { 'content-type': type }, payload })
  t.strictSame((await own('application/json', '{"n":"5"}')).json(), { body: { n: 5 } }, 'coerced, as Fastify does')
  t.strictSame((await own('application/json', '{"n":"x"}')).json(), { host: 'body/n must be integer' })
  t.strictSame((await own('text/plain', 'text')).json(), { body: 'text' })
  t.strictSame((await own('text/csv', 'a,b')).json(), { body: ['a', 'b'] })
  t.match((await own('application/json', '{')).json(), { host: /JSON/ })
  t.match((await own('image/png', 'x')).json(), { host: /Unsupported Media Type/ })
  t.equal((await own('text/plain', 'x'.repeat(1_000_000))).statusCode, 200)
  t.match((await own('text/plain', 'x'.repeat(1_048_577))).json(), { host: 'Request body is too large' })
  t.match((await app.inject('/nowhere')).json(), { statusCode: 404 })
})

test('scopes beside and below the plugin have none of its parsers, hooks and decorations', async (t) => {
  const { app } = await createApp(t, { allowedIps: ['10.0.0.1'] })
  await app.register(async (scope) => {
    scope.post('/below', async (request) => ({
      body: request.body,
      symbols: Object.getOwnPropertySymbols(request).filter(({ description }) => description?.startsWith('oneroute'))
    }))
  })
  const reply = await app.inject({ method: 'POST', url: '/below', headers: { 'content-type': 'application/json' }, payload: '{"a":1}' })
  t.strictSame(reply.json(), { body: { a: 1 }, symbols: [] })
  t.strictSame([app.hasContentTypeParser('application/json'), app.hasContentTypeParser('text/plain')], [true, true])
})

test("errors of the app's own hooks go to its error handler, also on the route", async (t) => {
  const tooMany = async () => { throw Object.assign(new Error('slow down'), { statusCode: 429, code: 'TOO_MANY' }) }
  for (const hook of ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const) {
    const app = await createHost(t, { routeOptions: { [hook]: tooMany } })
    const heard = deliveries(app)
    const reply = await post(app, message())
    t.equal(reply.statusCode, 429, hook)
    t.strictSame(reply.json(), { host: 'slow down' }, hook)
    t.strictSame(heard, [])
  }
  const app = await createHost(t, {})
  app.addHook('onRequest', tooMany)
  t.strictSame((await post(app, message())).json(), { host: 'slow down' })
})

test('two scopes may each have a route and listeners of their own', async (t) => {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  const heard: string[] = []
  for (const [prefix, secret] of [['/a', 'key of a'], ['/b', 'key of b']] as const) {
    await app.register(async (scope) => {
      await scope.register(webhooks, { secret })
      scope.webhooks.on('newMessage', () => { heard.push(prefix) })
    }, { prefix })
  }
  const body = fixture('new-message')
  const headers = { 'content-type': 'application/json', ...sign(body, 'key of b') }
  const statuses = []
  for (const scope of ['/a', '/b']) {
    statuses.push((await app.inject({ method: 'POST', url: `${scope}/webhooks/oneroute`, headers, payload: body })).statusCode)
  }
  t.strictSame(statuses, [401, 200])
  t.strictSame(heard, ['/b'])
})

const PROCESS = `
  import Fastify from 'fastify'
  import webhooks from '${new URL('../../index.ts', import.meta.url).href}'
  const listeners = () => JSON.stringify(process.eventNames().map((name) => [String(name), process.listenerCount(name)]))
  const globals = () => JSON.stringify([Object, Array, Function, String, Promise].map(({ prototype }) => Reflect.ownKeys(prototype).map(String)))
  const before = [listeners(), globals(), Object.keys(globalThis).join()]
  const app = Fastify()
  await app.register(webhooks)
  app.webhooks.on('newMessage', () => { throw new Error('broken') })
  const headers = { 'content-type': 'application/json' }
  for (const payload of [process.env.BODY, '{', '{"event":"error"}', '{"event":"newMessage"}']) {
    await app.inject({ method: 'POST', url: '/webhooks/oneroute', headers, payload })
  }
  const after = [listeners(), globals(), Object.keys(globalThis).join()]
  await app.close()
  if (before.join() !== after.join()) process.exitCode = 1
`

test('a process says nothing that its owner did not ask for, has no new listeners and globals, and ends by itself', async (t) => {
  const env = { ...ENV, BODY: fixture('new-message').toString() }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...FLAGS, '--input-type=module', '-e', PROCESS], { env, cwd: import.meta.dirname })
  t.equal(stdout, '')
  t.equal(stderr, '')
})

test('what hooks put in the place of the body is neither an event nor a way around the signature', async (t) => {
  const forged = { event: 'unsigned' }
  const routeOptions: WebhooksOptions['routeOptions'] = { preValidation: async (request) => { request.body = forged } }
  const { app } = await createApp(t, { secret: SECRET, routeOptions })
  const heard = deliveries(app)
  const bare = await app.inject({ method: 'POST', url: '/webhooks/oneroute' })
  isRefusal(t, bare, 'FST_ONEROUTE_BAD_SIGNATURE', 'no body and no content type')
  t.strictSame(heard, [])
  const body = JSON.stringify(EVENT)
  t.equal((await post(app, body, sign(body))).statusCode, 200)
  t.strictSame(heard, [EVENT], 'what arrived, not what a hook made of it')
  const invalid = JSON.stringify({ ...EVENT, message: 1 })
  isRefusal(t, await post(app, invalid, sign(invalid)), 'FST_ONEROUTE_INVALID_EVENT', 'what arrived is checked')
})
