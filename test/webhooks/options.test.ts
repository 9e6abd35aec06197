import { inspect } from 'node:util'
import { FormatRegistry, Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { test } from 'tap'
import webhooks, { memoryInbox } from '../../index.ts'
import type { WebhooksOptions } from '../../index.ts'
import { resolveOptions } from '../../lib/webhooks/options.ts'
import { createApp, fixture, message, post, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

/** Stands in every secret below. */
const KEY = 'the key itself'

const schema = Type.Object({ event: Type.String() })
const { add, ...withoutAdd } = Object.fromEntries(
  ['open', 'add', 'claim', 'settle', 'stats', 'list', 'get', 'replay', 'close'].map((method) => [method, () => []]))

/** By option: its wrong values, and what is said of the value. */
const WRONG: Record<string, Array<[value: unknown, got: string]>> = {
  path: [
    ['postgres://app:the key itself@db/x', "'postgres://***@db/x' (string)"], ['hooks', "'hooks' (string)"], ['', "'' (string)"], [' /hooks', "' /hooks' (string)"], [5, '5 (number)'], [null, 'null'],
    [/hooks/, 'object'], [['/hooks'], 'array']
  ],
  prefix: [['hooks', "'hooks' (string)"], ['/hooks/', "'/hooks/' (string)"], ['/', "'/' (string)"], [5, '5 (number)'], [null, 'null'], [['/hooks'], 'array']],
  signature: [['Raw', "'Raw' (string)"], ['', "'' (string)"], [true, 'true (boolean)'], [null, 'null'], [['raw'], 'array']],
  secret: [
    ['', 'a blank string'], [' \t\n', 'a blank string'], [null, 'null'], [5, 'number'], [false, 'boolean'], [[], 'array'],
    [[KEY, ''], 'array'], [[KEY, ' '], 'array'], [[KEY, undefined], 'array'], [[[KEY]], 'array'], [Buffer.from(KEY), 'object'],
    [{ key: KEY }, 'object'], [() => KEY, 'function'], [Symbol(KEY), 'symbol']
  ],
  allowedIps: [
    [[], 'array'], ['174.138.104.128', "'174.138.104.128' (string)"], [[5], 'array'], [[undefined], 'array'], [null, 'null'],
    [{}, 'object'], [['1.2.3.4/33'], "'1.2.3.4/33'"], [['http://app:the key itself@db'], "'http://***@db'"]
  ],
  inbox: [
    [null, 'null'], [{}, 'object'], [memoryInbox, 'function'], ['sqlite', "'sqlite' (string)"], [withoutAdd, 'object'],
    [{ ...withoutAdd, add: true }, 'object'], [[], 'array']
  ],
  events: [
    [null, 'null'], [[], 'array'], [[schema], 'array'], [schema.properties.event, 'something else'], ['orderPaid', "'orderPaid' (string)"],
    [{ orderPaid: undefined }, "'orderPaid'"], [{ orderPaid: {} }, "'orderPaid'"], [{ orderPaid: 'object' }, "'orderPaid'"],
    [{ orderPaid: { type: 'object' } }, "'orderPaid'"]
  ],
  lane: [[null, 'null'], ['conversation', "'conversation' (string)"], [{}, 'object'], [true, 'true (boolean)']],
  ...integers('concurrency', 1),
  ...integers('timeout', 1, 2 ** 31),
  ...integers('bodyLimit', 1),
  ...integers('maxBacklog', 1),
  ...integers('drainTimeout', 0, 2 ** 31),
  receive: booleans(),
  deliver: booleans(),
  retry: [[null, 'null'], [[], 'array'], [3, '3 (number)'], [false, 'false (boolean)']],
  routeOptions: [[null, 'null'], [[], 'array'], ['/hooks', "'/hooks' (string)"]]
}

const WRONG_RETRY: typeof WRONG = {
  ...orInfinity(integers('attempts', 1)),
  ...orInfinity(integers('blockFor', 0)),
  ...orInfinity(integers('giveUpAfter', 0)),
  ...integers('minDelay', 0, 2 ** 31),
  ...integers('maxDelay', 0, 2 ** 31),
  factor: [[0, '0 (number)'], [0.99, '0.99 (number)'], [NaN, 'NaN (number)'], [Infinity, 'Infinity (number)'], ['3', "'3' (string)"], [null, 'null']]
}

function integers (name: string, least: number, tooMuch = 2 ** 53): Record<string, Array<[unknown, string]>> {
  const numbers = [least - 1, tooMuch, 1.5, -1, NaN, Infinity].map((n): [unknown, string] => [n, `${n} (number)`])
  return { [name]: [...numbers, ['5', "'5' (string)"], [null, 'null'], [5n, 'bigint'], [[5], 'array'], [true, 'true (boolean)']] }
}

function orInfinity (wrong: typeof WRONG): typeof WRONG {
  return Object.fromEntries(Object.entries(wrong).map(([name, values]) => [name, values.filter(([value]) => value !== Infinity)]))
}

function booleans (): Array<[unknown, string]> {
  return [[0, '0 (number)'], ['false', "'false' (string)"], [null, 'null'], [{}, 'object']]
}

/** Registers with options that no typed program could give. */
async function register (app: FastifyInstance, options: unknown): Promise<void> {
  await app.register(webhooks, options as WebhooksOptions)
}

const shown = (value: unknown) => inspect(value, { breakLength: Infinity, compact: true, depth: 1 })

for (const [option, values] of Object.entries(WRONG)) {
  for (const [value, got] of values) {
    test(`the option ${option} may not be ${shown(value)}, and the error says so`, async (t) => {
      const app = Fastify()
      t.teardown(async () => { await app.close() })
      const error = await register(app, { [option]: value }).then(() => undefined, (error: unknown) => error)
      t.match(error, { name: 'FastifyError', code: 'FST_ONEROUTE_INVALID_OPTION', message: `\`${option}\`` })
      t.type(error, TypeError)
      t.match(error, { message: got })
      t.notMatch(error, { message: KEY })
    })
  }
}

for (const [option, values] of Object.entries(WRONG_RETRY)) {
  for (const [value, got] of values) {
    test(`${option} of the option retry may not be ${shown(value)}, and the error says so`, (t) => {
      const resolve = () => resolveOptions({ retry: { [option]: value } })
      t.throws(resolve, { code: 'FST_ONEROUTE_INVALID_OPTION', message: `\`${option}\` of \`retry\` must be ` })
      t.throws(resolve, { message: `, got ${got}` })
      t.end()
    })
  }
}

for (const [options, message] of [
  [{ paht: '/hooks' }, "`paht` is not one of the plugin's options: they are path, prefix, secret, signature,"],
  [{ secrets: [KEY] }, "`secrets` is not one of the plugin's options"],
  [{ prefixes: '/v1' }, "`prefixes` is not one of the plugin's options"],
  [{ toString: KEY }, '`toString` is not one of'],
  [Object.fromEntries([['__proto__', KEY]]), '`__proto__` is not one of'],
  [{ retry: { delay: 5 } }, '`delay` is not one of `retry`: they are minDelay, maxDelay, factor, blockFor, giveUpAfter, attempts'],
  [{ routeOptions: { schema: {} } }, '`schema` is not one of `routeOptions`: they are onRequest,'],
  [{ secret: undefined }, '`secret` is given, but undefined'],
  [{ deliver: false }, '`deliver: false` needs an inbox that is durable'],
  [{ deliver: false, inbox: memoryInbox() }, '`deliver: false` needs an inbox that is durable']
] as const) {
  test(`the options ${shown(options)} are refused`, async (t) => {
    const app = Fastify()
    t.teardown(async () => { await app.close() })
    const error = await register(app, options).then(() => undefined, (error: unknown) => error)
    t.match(error, { code: 'FST_ONEROUTE_INVALID_OPTION', message })
    t.notMatch(error, { message: KEY })
  })
}

for (const key of ['method', 'url', 'handler', 'errorHandler', 'bodyLimit', 'validatorCompiler', 'serializerCompiler', 'attachValidation']) {
  test(`the route's ${key} is the plugin's own`, (t) => {
    t.throws(() => resolveOptions({ routeOptions: { [key]: undefined } }), {
      code: 'FST_ONEROUTE_INVALID_OPTION', message: `\`${key}\` is not one of \`routeOptions\``
    })
    t.end()
  })
}

for (const name of ['event', 'unknown', 'invalid', 'error', 'newListener', 'removeListener', '__proto__', 'newMessage', 'smsDeliveryReport']) {
  test(`events of one's own may not be called ${name}`, (t) => {
    t.throws(() => resolveOptions({ events: Object.fromEntries([[name, schema]]) }), {
      code: 'FST_ONEROUTE_INVALID_OPTION', message: `\`events\` must not name '${name}'`
    })
    t.end()
  })
}

/** A format in each place where TypeBox looks at one. */
const withFormat = (format: string) => {
  const text = Type.String({ format })
  return [
    text, Type.Object({ at: Type.Optional(text) }), Type.Array(Type.Union([Type.Null(), text])), Type.Tuple([text]), Type.Record(Type.String(), text),
    Type.Object({}, { additionalProperties: text }), Type.Intersect([Type.Object({ at: text }), Type.Object({})]), Type.Not(text),
    Type.Array(Type.Number(), { contains: text }), Type.Recursive((This) => Type.Object({ at: text, more: Type.Array(This) })),
    Type.Module({ Event: Type.Object({ at: Type.Ref('At') }), At: text }).Import('Event')
  ]
}

test('a format that TypeBox does not know is refused wherever it is, and the remedy said', (t) => {
  t.teardown(() => { FormatRegistry.Delete('of ours') })
  for (const schema of withFormat('of ours')) {
    t.throws(() => resolveOptions({ events: { orderPaid: schema } }), {
      code: 'FST_ONEROUTE_INVALID_OPTION', message: /'orderPaid'.*'of ours'.*FormatRegistry\.Set\('of ours', …\).*`pattern`/
    })
  }
  FormatRegistry.Set('of ours', () => true)
  for (const schema of withFormat('of ours')) t.ok(resolveOptions({ events: { orderPaid: schema } }))
  t.ok(resolveOptions({ events: { orderPaid: Type.Object({}, { examples: [{ format: 'uuid' }], default: { format: 'date' } }) } }), 'what is no schema has no format')
  t.end()
})

test('what @sinclair/typebox 0.34 has not made is refused, and said what it is', (t) => {
  // As Type.String() of the package `typebox` 1.4 is: what it knows its schemas by is not enumerable.
  const next = Object.defineProperty({ type: 'string' }, '~kind', { value: 'String' })
  const wrong: Array<[schema: unknown, message: RegExp]> = [
    [next, /@sinclair\/typebox 0\.34.*'typebox' 1\.x/],
    [{ type: 'object', properties: { at: next } }, /@sinclair\/typebox 0\.34.*'typebox' 1\.x/],
    [Type.Object({ at: next as never }), /@sinclair\/typebox 0\.34.*'typebox' 1\.x/],
    [{ type: 'object' }, /@sinclair\/typebox 0\.34.*plain JSON Schema/],
    [Type.Object({ at: { type: 'string' } as never }), /@sinclair\/typebox 0\.34.*plain JSON Schema/],
    [Type.Unsafe({ type: 'object' }), /'orderPaid' a Type\.Unsafe of a plain JSON Schema/],
    [Type.Object({ at: Type.Unsafe({ type: 'string' }) }), /'orderPaid' a Type\.Unsafe of a plain JSON Schema/]
  ]
  for (const [orderPaid, message] of wrong) {
    t.throws(() => resolveOptions({ events: { orderPaid } as never }), { code: 'FST_ONEROUTE_INVALID_OPTION', message })
  }
  t.ok(resolveOptions({ events: { orderPaid: Type.Object({ '~kind': Type.Unsafe<'a'>(Type.String()) }) } }), 'and these are no such things')
  t.end()
})

test('what is wrong is said when the plugin is registered, and nothing is decorated or opened', async (t) => {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  const inbox = memoryInbox()
  inbox.open = () => { t.fail('opened') }
  await t.rejects(register(app, { inbox, timeout: -1 }), { code: 'FST_ONEROUTE_INVALID_OPTION' })
  t.notOk(app.hasDecorator('webhooks'))
})

test('what Fastify refuses rejects the registration too, and the inbox is closed with the app', async (t) => {
  for (const [setUp, options] of [
    [(app: FastifyInstance) => app.post('/webhooks/oneroute', () => ''), {}],
    [() => undefined, { routeOptions: { onRequest: 'no function' } }],
    [() => undefined, { path: '/:(' }]
  ] as const) {
    const app = Fastify()
    const inbox = new ModelInbox()
    const calls: string[] = []
    inbox.open = async () => { calls.push('open') }
    inbox.close = () => { calls.push('close') }
    setUp(app)
    await t.rejects(register(app, { ...options, inbox }))
    await app.close()
    t.strictSame(calls, ['open', 'close'])
  }
})

test('every option has the default that is documented', (t) => {
  const defaults = {
    path: '/webhooks/oneroute',
    prefix: '',
    secrets: [],
    signature: 'either',
    allowedIps: undefined,
    key: undefined,
    inbox: undefined,
    events: {},
    lane: undefined,
    concurrency: 64,
    timeout: 30_000,
    retry: { minDelay: 1_000, maxDelay: 600_000, factor: 3, blockFor: 900_000, giveUpAfter: 259_200_000, attempts: Infinity },
    bodyLimit: 1_048_576,
    maxBacklog: 1_000_000,
    drainTimeout: 10_000,
    receive: true,
    deliver: true,
    routeOptions: {}
  }
  t.strictSame(resolveOptions({}), defaults)
  const { secrets, ...options } = defaults
  const undefinedOnes = Object.fromEntries(Object.keys(options).map((key) => [key, undefined]))
  t.strictSame(resolveOptions(undefinedOnes), defaults, 'undefined stands for the default')
  t.strictSame(resolveOptions({ retry: { factor: 1 } }).retry, { ...defaults.retry, factor: 1 })
  t.end()
})

test('the limits themselves are allowed', (t) => {
  const numbers = { concurrency: 1, timeout: 1, bodyLimit: 1, maxBacklog: 1, drainTimeout: 0 }
  const retry = { attempts: 1, minDelay: 0, maxDelay: 0, factor: 1 }
  const least: WebhooksOptions = { ...numbers, retry, receive: false, deliver: false, inbox: new ModelInbox() }
  t.match(resolveOptions(least), least)
  t.match(resolveOptions({ timeout: 2 ** 31 - 1 }), { timeout: 2 ** 31 - 1 })
  t.strictSame(resolveOptions({ secret: 'a' }).secrets, ['a'])
  t.strictSame(resolveOptions({ secret: ['a', 'b'] }).secrets, ['a', 'b'])
  t.end()
})

test('the path is below the prefix of the scope that the plugin is registered in', async (t) => {
  for (const [path, url] of [[undefined, '/v1/webhooks/oneroute'], ['/hooks', '/v1/hooks'], ['/', '/v1']] as const) {
    const app = Fastify()
    t.teardown(async () => { await app.close() })
    await app.register(async (scope) => { await scope.register(webhooks, { path }) }, { prefix: '/v1' })
    const posted = { method: 'POST', headers: { 'content-type': 'application/json' }, payload: fixture('new-message') } as const
    t.equal((await app.inject({ ...posted, url })).statusCode, 200, url)
    t.equal((await app.inject({ ...posted, url: path ?? '/webhooks/oneroute' })).statusCode, 404)
  }
})

test("`prefix` goes in front of the path, as Fastify's own option does", async (t) => {
  for (const [outer, prefix, url] of [['', '/hooks', '/hooks/webhooks/oneroute'], ['/v1', '/hooks', '/v1/hooks/webhooks/oneroute'], ['/v1/', '/a/b', '/v1/a/b/webhooks/oneroute'], ['', '', '/webhooks/oneroute']] as const) {
    const lines: string[] = []
    const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(line) } } } })
    t.teardown(async () => { await app.close() })
    await app.register(async (scope) => {
      await scope.register(webhooks, { prefix })
      scope.get('/own', () => 'own')
    }, { prefix: outer })
    const posted = { method: 'POST', headers: { 'content-type': 'application/json' }, payload: fixture('new-message') } as const
    t.equal((await app.inject({ ...posted, url })).statusCode, 200, url)
    t.equal((await app.inject(`${outer}/own`.replace('//', '/'))).statusCode, 200, "the scope's own routes have none of it")
    t.match(lines[0], `accepted unsigned on ${url}:`)
  }
})

test('routeOptions gives the route hooks, a configuration and constraints', async (t) => {
  const called: string[] = []
  const names = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'preSerialization', 'onSend', 'onResponse']
  const hooks = names.map((name) => [name, () => { called.push(name); return Promise.resolve() }] as const)
  const preHandler = ({ routeOptions: { config } }: FastifyRequest) => {
    called.push(`limit ${String(Reflect.get(config, 'limit'))}`)
    return Promise.resolve()
  }
  const { app } = await createApp(t, {
    routeOptions: {
      ...Object.fromEntries(hooks),
      preHandler: [preHandler],
      config: Object.fromEntries([['limit', 5]]),
      constraints: { host: 'hooks.example.com' },
      logLevel: 'error'
    }
  })
  app.post('/own', () => 'own')
  await app.inject({ method: 'POST', url: '/own' })
  t.strictSame(called, [], "the app's own routes have none of it")
  t.equal((await post(app, message())).statusCode, 404)
  t.equal((await post(app, message(), { host: 'hooks.example.com' })).statusCode, 200)
  await turns()
  t.strictSame(called, names.map((name) => name === 'preHandler' ? 'limit 5' : name))
})

test('an app without a secret warns once at start, one with a secret does not', async (t) => {
  const warnings = async (options: WebhooksOptions) => (await createApp(t, options)).lines.filter(({ level }) => level >= 40)
  t.match(await warnings({}), [{ level: 40, msg: 'webhooks are accepted unsigned on /webhooks/oneroute' }])
  t.equal((await warnings({})).length, 1)
  t.strictSame(await warnings({ secret: KEY }), [])
  t.strictSame(await warnings({ receive: false }), [])
})

test('a secret with blanks around it is warned of at start, and not shown', async (t) => {
  for (const secret of [`${KEY} `, `\n${KEY}`, [KEY, `\t${KEY}`]]) {
    const warned = (await createApp(t, { secret })).lines.filter(({ level }) => level >= 40)
    t.match(warned, [{ level: 40, msg: 'a key in `secret` begins or ends with a blank, which is a part of it: take the blank away if no signature fits' }])
    t.equal(warned.length, 1)
    t.notOk(JSON.stringify(warned).includes(KEY))
  }
})
