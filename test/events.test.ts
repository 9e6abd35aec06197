import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { test } from 'tap'
import { NewMessage, SmsDeliveryReport } from '../index.ts'
import { createApp, fixture, post } from './helpers/app.ts'
import { deliveries, isRefusal } from './helpers/http.ts'

type Tree = Record<string, unknown>
type Path = readonly string[]

const samples = { newMessage: sample('new-message'), smsDeliveryReport: sample('sms-delivery-report') }

function sample (name: Parameters<typeof fixture>[0]): Tree {
  return JSON.parse(fixture(name).toString()) as Tree // both fixtures are objects
}

function isTree (value: unknown): value is Tree {
  return typeof value === 'object' && value !== null
}

/** Every field of a tree, the inner ones too. */
function fieldsOf (tree: Tree, above: Path = []): Array<{ path: Path, value: unknown }> {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = [...above, key]
    return [{ path, value }, ...isTree(value) ? fieldsOf(value, path) : []]
  })
}

/** A copy with one field set, or with `undefined` left out. */
function having (tree: Tree, [key = '', ...rest]: Path, value: unknown): Tree {
  const inner = tree[key]
  return { ...tree, [key]: rest.length > 0 && isTree(inner) ? having(inner, rest, value) : value }
}

const pathOf = (path: Path) => `/${path.join('/')}`

for (const [name, event] of Object.entries(samples)) {
  const fields = fieldsOf(event).filter(({ path }) => pathOf(path) !== '/event')

  test(`every field of the sample of ${name} is required`, async (t) => {
    const { app } = await createApp(t)
    for (const { path } of fields) {
      const reply = await post(app, having(event, path, undefined))
      t.equal(reply.statusCode, 400, pathOf(path))
      isRefusal(t, reply, 'FST_ONEROUTE_INVALID_EVENT', pathOf(path))
      t.match(reply.json(), { message: `${pathOf(path)}: ` })
    }
  })

  test(`the fields of ${name} that are known to be null may be null, and no others`, async (t) => {
    const { app } = await createApp(t)
    for (const { path, value } of fields) {
      const reply = await post(app, having(event, path, null))
      t.equal(reply.statusCode, value === null ? 200 : 400, pathOf(path))
    }
  })

  test(`no field of ${name} takes a value of another type, and the answer says where it was`, async (t) => {
    const { app } = await createApp(t)
    for (const { path } of fields) {
      const reply = await post(app, having(event, path, ['of no field']))
      isRefusal(t, reply, 'FST_ONEROUTE_INVALID_EVENT', pathOf(path))
      t.match(reply.json(), { message: `${pathOf(path)}: ` })
      t.notMatch(reply.body, 'of no field')
    }
  })

  test(`fields of ${name} that nobody documents are allowed at any depth, and kept`, async (t) => {
    const { app } = await createApp(t)
    const heard = deliveries(app)
    const objects = [{ path: [] as Path, value: event }, ...fields].filter(({ value }) => isTree(value))
    const events = objects.map(({ path }) => having(event, [...path, 'new_field'], { of: ['any', null, 1] }))
    for (const event of events) t.equal((await post(app, event)).statusCode, 200)
    t.strictSame(heard, events)
  })
}

const strings = ['', 'text', 'https://example.com/a.png']
const accepted: Array<[path: string, values: readonly unknown[]]> = [
  ['message.externalId', strings],
  ['message.content', strings],
  ['message.imageUrl', strings],
  ['message.videoUrl', strings],
  ['message.documentUrl', strings],
  ['message.audioUrl', strings],
  ['message.quoted_message_id', strings],
  ['message.contentType', ['IMAGE', 'a type of tomorrow', '']],
  ['message.subject', [null, 'text']],
  ['message.replyOptions', [[{ text: 'Yes' }]]],
  ['message.sender.customer_id', [null, 'id', 5]],
  ['conversation.subject', strings],
  ['conversation.agent', [null, 'Ada', {}, { name: 'Ada', teams: [] }]],
  ['conversation.agent_id', strings],
  ['conversation.customer_id', [null, 'id', 5]],
  ['conversation.status', ['resolved', 'a status of tomorrow']],
  ['conversation.Channel.phone', strings],
  ['conversation.Channel.provider', strings],
  ['conversation.Channel.medium', ['EMAIL', 'TELEGRAM']],
  ['conversation.Channel.type', ['a type of tomorrow']],
  ['conversation.Channel.env', ['SANDBOX']],
  ['conversation.Channel.status', ['INACTIVE']],
  ['conversation.Channel.credentials', [null, {}, { email: 'a@b.c', emailDomain: 'b.c' }]]
]
const refused: typeof accepted = [
  ['message.sender.authUser', [0, 1, 'true', '']],
  ['conversation.read', [0, 'false']],
  ['conversation.agent', [1, true, []]],
  ['conversation.Channel.medium', [1, {}]],
  ['conversation.Channel.credentials', ['text', 1, true, []]],
  ['message.content', [0, false, {}]],
  ['message.imageUrl', [0, false, {}]]
]

for (const [what, table, statusCode] of [['takes', accepted, 200], ['does not take', refused, 400]] as const) {
  test(`newMessage ${what} these values`, async (t) => {
    const { app } = await createApp(t)
    for (const [path, values] of table) {
      for (const value of values) {
        const reply = await post(app, having(samples.newMessage, path.split('.'), value))
        t.equal(reply.statusCode, statusCode, `${path}: ${JSON.stringify(value)}`)
      }
    }
  })
}

test('the enumerations of a delivery report are open, and its units a number', async (t) => {
  const { app } = await createApp(t)
  for (const [field, value, statusCode] of [
    ['status', 'pending', 200], ['status', 'a status of tomorrow', 200], ['status', 1, 400],
    ['units', 2.5, 200], ['units', '2', 400], ['units', null, 400]
  ] as const) {
    const reply = await post(app, having(samples.smsDeliveryReport, ['conversation', field], value))
    t.equal(reply.statusCode, statusCode, `${field}: ${String(value)}`)
  }
})

const timestamps: Array<[value: string, valid: boolean]> = [
  ['2022-01-29T07:27:52.676Z', true],
  ['2022-01-29T07:27:52Z', true],
  ['2022-01-29t07:27:52z', true],
  ['2022-01-29T07:27:52.123456789+01:00', true],
  ['2022-01-29T07:27:52-23:59', true],
  ['2016-12-31T23:59:60Z', true],
  ['2000-02-29T00:00:00Z', true],
  ['0000-01-01T00:00:00Z', true],
  ['1900-02-29T00:00:00Z', false],
  ['2023-02-29T00:00:00Z', false],
  ['2022-04-31T00:00:00Z', false],
  ['2022-13-01T00:00:00Z', false],
  ['2022-00-01T00:00:00Z', false],
  ['2022-01-00T00:00:00Z', false],
  ['2022-01-29T24:00:00Z', false],
  ['2022-01-29T07:60:00Z', false],
  ['2022-01-29T07:27:61Z', false],
  ['2022-01-29T07:27:52', false],
  ['2022-01-29T07:27Z', false],
  ['2022-01-29T07:27:52.Z', false],
  ['2022-01-29T07:27:52+24:00', false],
  ['2022-01-29T07:27:52+0100', false],
  ['2022-01-29 07:27:52Z', false],
  [' 2022-01-29T07:27:52Z', false],
  ['2022-01-29T07:27:52Z\n', false],
  ['22-01-29T07:27:52Z', false],
  ['+002022-01-29T07:27:52Z', false],
  ['２022-01-29T07:27:52Z', false],
  ['2022-01-29', false],
  ['Sat, 29 Jan 2022 07:27:52 GMT', false],
  ['1643441272', false],
  ['', false]
]

test('timestamps are those of RFC 3339', async (t) => {
  const { app } = await createApp(t)
  for (const [value, valid] of timestamps) {
    const reply = await post(app, having(samples.newMessage, ['message', 'sender', 'lastActivity'], value))
    t.equal(reply.statusCode, valid ? 200 : 400, JSON.stringify(value))
  }
})

test('a date is a timestamp if there is such a day', async (t) => {
  const pattern = new RegExp(String(NewMessage.properties.conversation.properties.createdAt.pattern))
  const part = (max: number) => fc.integer({ min: 0, max })
  fc.assert(fc.property(part(9999), part(13), part(32), (year, month, day) => {
    const date = new Date(0)
    date.setUTCFullYear(year, month - 1, day)
    const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    const two = (n: number) => String(n).padStart(2, '0')
    return pattern.test(`${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T00:00:00Z`) === exists
  }), { numRuns: 5_000 })
  fc.assert(fc.property(fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) =>
    pattern.test(date.toISOString())))
  t.pass()
})

test('the exported schemas need nothing that is global to the process', async (t) => {
  const { FormatRegistry, TypeRegistry } = await import('@sinclair/typebox')
  const { TypeCompiler } = await import('@sinclair/typebox/compiler')
  await createApp(t, { events: { own: Type.Object({ event: Type.Literal('own') }) } })
  t.equal(FormatRegistry.Entries().size, 0)
  t.equal(TypeRegistry.Entries().size, 0)
  t.ok(TypeCompiler.Compile(NewMessage).Check(samples.newMessage))
  t.ok(TypeCompiler.Compile(SmsDeliveryReport).Check(samples.smsDeliveryReport))
})
