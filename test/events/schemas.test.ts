import { readdirSync, readFileSync } from 'node:fs'
import { Type } from '@sinclair/typebox'
import { test } from 'tap'
import { memoryInbox, NewMessage, SmsDeliveryReport } from '../../index.ts'
import { createApp, fixture, post } from '../helpers/app.ts'
import { deliveries, isRefusal } from '../helpers/http.ts'

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

/** What a listener and the lane cannot do without. */
const required = {
  newMessage: ['/message', '/message/sender', '/conversation', '/conversation/id', '/conversation/customer', '/conversation/Channel'],
  smsDeliveryReport: ['/conversation', '/conversation/id']
}

for (const name of ['newMessage', 'smsDeliveryReport'] as const) {
  const event = samples[name]
  const fields = fieldsOf(event).filter(({ path }) => pathOf(path) !== '/event')

  for (const [what, value] of [['missing', undefined], ['null', null]] as const) {
    test(`any field of ${name} may be ${what}, but for those that say what it is about`, async (t) => {
      const { app } = await createApp(t, { inbox: memoryInbox({ keep: 0 }) }) // where a field is null already, the sample comes again
      const heard = deliveries(app)
      const refused: string[] = []
      for (const { path } of fields) {
        const changed = having(event, path, value)
        const reply = await post(app, changed)
        if (reply.statusCode === 200) t.same(heard.pop(), JSON.parse(JSON.stringify(changed)), pathOf(path))
        else {
          isRefusal(t, reply, 'FST_ONEROUTE_INVALID_EVENT', pathOf(path))
          t.match(reply.json(), { message: `${pathOf(path)}: ` })
          refused.push(pathOf(path))
        }
      }
      t.same(refused.sort(), required[name].toSorted())
      t.same(heard, [])
    })
  }

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
const times = ['2022-01-29T07:27:52.676Z', '2022-01-29T07:27:52+0100', '2022-01-29 07:27:52+00', 'Sat, 29 Jan 2022 07:27:52 GMT', '1643441272', '']
const accepted: Array<[path: string, values: readonly unknown[]]> = [
  ['message.externalId', strings],
  ['message.content', strings],
  ['message.imageUrl', strings],
  ['message.videoUrl', strings],
  ['message.documentUrl', strings],
  ['message.audioUrl', strings],
  ['message.quoted_message_id', strings],
  ['message.contentType', ['IMAGE', 'a type of tomorrow', '']],
  ['message.id', ['id', 5]],
  ['message.subject', [null, 'text']],
  ['message.createdAt', [null, ...times, 1643441272793]],
  ['message.replyOptions', [[{ text: 'Yes' }]]],
  ['message.row_id', ['id', 5]],
  ['message.sender.authUser', [true]],
  ['message.sender.lastActivity', times],
  ['message.sender.customer_id', [null, 'id', 5]],
  ['conversation.subject', strings],
  ['conversation.agent', [null, 'Ada', {}, { name: 'Ada', teams: [] }]],
  ['conversation.agent_id', strings],
  ['conversation.customer_id', [null, 'id', 5]],
  ['conversation.customer.phone', ['+234']],
  ['conversation.status', ['resolved', 'a status of tomorrow']],
  ['conversation.lastMessageAt', times],
  ['conversation.createdAt', times],
  ['conversation.updatedAt', times],
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
  ['message.externalId', [12]],
  ['message.content', [0, false, {}]],
  ['message.imageUrl', [0, false, {}, ['https://example.com/a.png']]],
  ['conversation.id', [1, null]],
  ['conversation.read', [0, 'false']],
  ['conversation.agent', [1, true, []]],
  ['conversation.agent_id', [12]],
  ['conversation.customer', [null, 'Ada', []]],
  ['conversation.lastMessageAt', [1643441272793]],
  ['conversation.Channel', [null, 'WHATSAPP']],
  ['conversation.Channel.medium', [1, {}]],
  ['conversation.Channel.credentials', ['text', 1, true, []]]
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
    ['units', 2.5, 200], ['units', '2', 400], ['units', null, 200], ['id', 1234567, 400]
  ] as const) {
    const reply = await post(app, having(samples.smsDeliveryReport, ['conversation', field], value))
    t.equal(reply.statusCode, statusCode, `${field}: ${String(value)}`)
  }
})

const accounts = new URL('../fixtures/accounts/', import.meta.url)

test('what real accounts may send reaches the listeners as it is', async (t) => {
  const { app } = await createApp(t)
  const heard = deliveries(app)
  const bodies = readdirSync(accounts).map((file) => readFileSync(new URL(file, accounts)))
  t.equal(bodies.length, 7)
  for (const body of bodies) t.equal((await post(app, body)).statusCode, 200)
  t.strictSame(heard, bodies.map((body): unknown => JSON.parse(body.toString())))
})

test('a problem says what would have been right, also where that is one of several', async (t) => {
  const { app } = await createApp(t)
  for (const [path, value, expected] of [
    ['message.content', 1, '/message/content: Expected string or null'],
    ['conversation.agent', 1, '/conversation/agent: Expected string or object or null'],
    ['conversation.Channel', null, '/conversation/Channel: Expected object'],
    ['conversation.id', undefined, '/conversation/id: Expected required property']
  ] as const) t.match((await post(app, having(samples.newMessage, path.split('.'), value))).json(), { message: `The event is not of its schema: ${expected}` })
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
