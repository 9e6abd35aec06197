import swagger from '@fastify/swagger'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../index.ts'
import type { WebhooksOptions } from '../../index.ts'
import { inspector } from '../../lib/observe/inspector/inspector.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { samples } from '../../lib/events/samples.ts'
import { fixture, message, post } from '../helpers/app.ts'
import { sign } from '../helpers/http.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

const OrderPaid = Type.Object({ event: Type.Literal('orderPaid'), total: Type.Union([Type.Number(), Type.Null()]), items: Type.Array(Type.Union([Type.String(), Type.Null()])) }, { examples: [{ event: 'orderPaid', total: 5, items: [] }] })
const Quiet = Type.Object({ event: Type.Literal('quiet') })

interface Operation {
  operationId: string
  parameters?: Array<{ name: string, in: string, required: boolean }>
  requestBody: { content: Record<string, { schema: { anyOf: Array<{ title?: string, properties?: Record<string, object> }> }, examples: Record<string, { value: unknown }> }> }
  responses: Record<string, { description: string, content?: object }>
}

interface Document { paths: Record<string, Record<string, Operation>>, webhooks?: Record<string, { post: Operation }> }

/** The document of an app with the plugin, which has to be valid. */
async function documentOf (t: Test, version: string, options: WebhooksOptions = {}, more: object = {}): Promise<Document> {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  await app.register(swagger, { openapi: { openapi: version, info: { title: 'An app', version: '1.0.0' }, ...more } })
  await app.register(webhooks, options)
  await app.register(inspector, { prefix: '/inspector', authorize: 'loopback' })
  await app.ready()
  const document = JSON.parse(JSON.stringify(app.swagger())) as Document // OpenAPI has these
  const { valid, errors } = await new Validator().validate({ ...document })
  t.equal(valid, true, JSON.stringify(errors))
  return document
}

test('the path in a document is the whole of it, with `prefix`', async (t) => {
  const { paths } = await documentOf(t, '3.1.0', { prefix: '/hooks' })
  t.same(Object.keys(paths), ['/hooks/webhooks/oneroute'])
  t.equal(paths['/hooks/webhooks/oneroute']?.post?.operationId, 'receiveHooksWebhooksOneroute')
})

for (const version of ['3.0.3', '3.1.0']) {
  test(`the route is in a document of OpenAPI ${version}, with all that it takes and answers`, async (t) => {
    const { paths } = await documentOf(t, version, { secret: 'key', allowedIps: ['127.0.0.1'], events: { orderPaid: OrderPaid, quiet: Quiet } })
    t.same(Object.keys(paths), ['/webhooks/oneroute'], 'and nothing of the inspector')
    const operation = paths['/webhooks/oneroute']?.post
    const media = operation?.requestBody.content['application/json']
    t.equal(operation?.operationId, 'receiveWebhooksOneroute')
    t.match(operation?.parameters, [{ name: 'x-oneroute-signature', in: 'header', required: true }])
    t.same(Object.keys(operation?.responses ?? {}), ['200', '400', '401', '403', '413', '415', '500', '503'])
    t.same(Object.keys(media?.examples ?? {}), ['newMessage', 'smsDeliveryReport', 'orderPaid'])
    t.same(media?.examples.newMessage?.value, JSON.parse(fixture('new-message').toString()))
    t.same(media?.examples.smsDeliveryReport?.value, JSON.parse(fixture('sms-delivery-report').toString()))
    t.equal(media?.schema.anyOf.length, 5)
    t.same(media?.schema.anyOf.map(({ title }) => title).filter((title) => title !== undefined), ['newMessage', 'smsDeliveryReport', 'unknown'])
    t.match(media?.schema.anyOf.at(-1)?.properties, { event: { type: 'string', minLength: 1 } }, 'one without a name is refused')
    const text = JSON.stringify(media?.schema)
    t.equal(text.includes('"type":"null"'), version === '3.1.0')
    t.equal(text.includes('"nullable":true'), version === '3.0.3')
  })
}

const Shapes = Type.Object({
  event: Type.Literal('shapes'),
  kind: Type.Union([Type.Literal('a'), Type.Null()]),
  byPhone: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Null()])),
  both: Type.Intersect([Type.Object({ a: Type.Null() }), Type.Object({ b: Type.Literal(1) }, { additionalProperties: false })]),
  rest: Type.Object({}, { additionalProperties: Type.Null() })
})

/** How fields are to be described, by version. */
const described = {
  '3.0.3': {
    content: { type: 'string', nullable: true },
    contentType: { type: 'string', nullable: true, example: 'TEXT' },
    agent: { anyOf: [{ type: 'string', nullable: true }, { type: 'object', properties: {}, nullable: true }] },
    credentials: { description: 'Account data of the channel: never log it', type: 'object', properties: {}, nullable: true },
    read: { type: 'boolean', nullable: true },
    report: { nullable: true, enum: [null] },
    kind: { type: 'string', enum: ['a', null], nullable: true },
    byPhone: { type: 'object', additionalProperties: { type: 'number', nullable: true } },
    both: {
      type: 'object',
      allOf: [
        { type: 'object', required: ['a'], properties: { a: { nullable: true, enum: [null] } } },
        { type: 'object', required: ['b'], properties: { b: { type: 'number', enum: [1] } }, additionalProperties: false }
      ]
    },
    rest: { type: 'object', properties: {}, additionalProperties: { nullable: true, enum: [null] } }
  },
  '3.1.0': {
    content: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    contentType: { anyOf: [{ type: 'string', examples: ['TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'AUDIO'] }, { type: 'null' }] },
    agent: { anyOf: [{ type: 'string' }, { type: 'object', properties: {} }, { type: 'null' }] },
    credentials: { anyOf: [{ description: 'Account data of the channel: never log it', type: 'object', properties: {} }, { type: 'null' }] },
    read: { anyOf: [{ type: 'boolean' }, { type: 'null' }] },
    report: { type: 'null' },
    kind: { anyOf: [{ type: 'string', enum: ['a'] }, { type: 'null' }] }, // @fastify/swagger writes it so
    byPhone: { type: 'object', additionalProperties: { anyOf: [{ type: 'number' }, { type: 'null' }] } }, // and that
    both: {
      type: 'object',
      allOf: [
        { type: 'object', required: ['a'], properties: { a: { type: 'null' } } },
        { type: 'object', required: ['b'], properties: { b: { type: 'number', enum: [1] } }, additionalProperties: false }
      ]
    },
    rest: { type: 'object', properties: {}, additionalProperties: { type: 'null' } }
  }
} as const

/** A schema as a document has it. */
interface Described { required?: string[], properties?: Record<string, Described | undefined> }

for (const version of ['3.0.3', '3.1.0'] as const) {
  test(`what OpenAPI ${version} shows is what is checked: what is required, and what may be null`, async (t) => {
    const { paths } = await documentOf(t, version, { events: { shapes: Shapes } })
    const [newMessage, report, shapes] = paths['/webhooks/oneroute']?.post?.requestBody.content['application/json']?.schema.anyOf as Described[] // the order of the catalogue
    const message = newMessage?.properties?.message
    const conversation = newMessage?.properties?.conversation
    const channel = conversation?.properties?.Channel
    t.same(newMessage?.required, ['event', 'message', 'conversation'])
    t.same(message?.required, ['sender'])
    t.same(message?.properties?.sender?.required, undefined)
    t.same(conversation?.required, ['id', 'customer', 'Channel'])
    t.same(channel?.required, undefined)
    t.same(report?.required, ['event', 'conversation'])
    t.same(report?.properties?.conversation?.required, ['id'])
    t.strictSame({
      content: message?.properties?.content,
      contentType: message?.properties?.contentType,
      agent: conversation?.properties?.agent,
      credentials: channel?.properties?.credentials,
      read: conversation?.properties?.read,
      report: report?.properties?.message,
      kind: shapes?.properties?.kind,
      byPhone: shapes?.properties?.byPhone,
      both: shapes?.properties?.both,
      rest: shapes?.properties?.rest
    }, described[version])
  })
}

test('two routes of one app have ids of their own', async (t) => {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'An app', version: '1.0.0' } } })
  for (const prefix of ['/a', '/b']) await app.register(async (scope) => { await scope.register(webhooks, {}) }, { prefix })
  await app.ready()
  const { paths } = JSON.parse(JSON.stringify(app.swagger())) as Document // OpenAPI has these
  t.same(Object.values(paths).map(({ post }) => post?.operationId), ['receiveAWebhooksOneroute', 'receiveBWebhooksOneroute'])
})

test('what cannot be answered is not in it', async (t) => {
  const { paths } = await documentOf(t, '3.0.3')
  const operation = paths['/webhooks/oneroute']?.post
  t.equal(operation?.parameters, undefined)
  t.same(Object.keys(operation?.responses ?? {}), ['200', '400', '413', '415', '500', '503'])
  const { paths: durable } = await documentOf(t, '3.1.0', { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  t.match(durable['/webhooks/oneroute']?.post?.responses['500']?.description, 'could not be taken in')
  t.match(durable['/webhooks/oneroute']?.post?.responses['400']?.description, 'too many such events are kept')
})

test('OpenAPI 3.1 has the events under webhooks, beside those of the app', async (t) => {
  const { webhooks } = await documentOf(t, '3.1.0', { secret: 'key', events: { orderPaid: OrderPaid, quiet: Quiet } }, { webhooks: { mine: { post: { responses: { 200: { description: 'mine' } } } } } })
  t.same(Object.keys(webhooks ?? {}).sort(), ['mine', 'newMessage', 'orderPaid', 'quiet', 'smsDeliveryReport'])
  t.same(webhooks?.newMessage?.post.requestBody.content['application/json']?.examples, { newMessage: { summary: 'A message came in', value: samples.newMessage } })
  t.match(webhooks?.newMessage?.post.parameters, [{ name: 'x-oneroute-signature' }])
  t.equal((await documentOf(t, '3.0.3')).webhooks, undefined)
  t.same((await documentOf(t, '3.1.0')).webhooks?.smsDeliveryReport?.post.parameters, [])
})

test('documents of Swagger 2.0, and those that are made by a function of the app, have the route, too', async (t) => {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  await app.register(swagger, { swagger: { info: { title: 'An app', version: '1.0.0' } } })
  await app.register(webhooks, {})
  await app.ready()
  t.match(app.swagger(), { paths: { '/webhooks/oneroute': { post: { operationId: 'receiveWebhooksOneroute' } } } })
})

test('what is documented changes nothing of what is taken and answered', async (t) => {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  await app.register(swagger, { openapi: {} })
  await app.register(webhooks, { secret: 'key', routeOptions: { config: { swaggerTransform: ({ schema, url }) => ({ schema: { ...schema, operationId: 'mine' }, url }) } } })
  const body = JSON.stringify(message())
  t.equal((await post(app, body, sign(body, 'key'))).statusCode, 200)
  t.equal((await post(app, body)).statusCode, 401)
  t.equal((await post(app, '{', sign('{', 'key'))).statusCode, 400)
  t.match(app.swagger(), { paths: { '/webhooks/oneroute': { post: { operationId: 'mine' } } } }, 'and an app may say it in its own way')
})
