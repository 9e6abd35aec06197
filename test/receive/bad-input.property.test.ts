import { isDeepStrictEqual } from 'node:util'
import { Value } from '@sinclair/typebox/value'
import fc, { runs } from '../helpers/property.ts'
import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox, NewMessage, SmsDeliveryReport } from '../../index.ts'
import type { WebhooksOptions } from '../../index.ts'
import { createApp, fixture, post } from '../helpers/app.ts'
import { SECRET, sign } from '../helpers/http.ts'

type Tree = Record<string, unknown>

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Names that mean something to JavaScript, Node or this plugin. */
const names = fc.oneof(fc.constantFrom(
  'newMessage', 'smsDeliveryReport', 'event', 'unknown', 'error', 'newListener', 'removeListener', '__proto__', 'constructor',
  'prototype', 'toString', 'hasOwnProperty', 'conversation', 'message', 'id', 'then', 'length', '0', ''
), fc.string({ unit: 'binary' }))
const values = fc.oneof(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), names, fc.date({ noInvalidDate: true }).map((date) => date.toISOString()))
/** Made of entries, so that `__proto__` is a key like any other. */
const objects = fc.array(fc.tuple(names, values)).map((entries): Tree => Object.fromEntries(entries))
const events = fc.tuple(names, objects).map(([event, rest]): Tree => ({ ...rest, event }))

/** Changes one field somewhere in a tree: `turns` says at which one of each level to go down, and at the last what to do. */
function mutated (tree: Tree, turns: readonly number[], key: string, value: unknown): Tree {
  const [turn = 0, ...rest] = turns
  const entries = Object.entries(tree)
  const [name, inner] = entries[turn % Math.max(entries.length, 1)] ?? ['', null]
  if (rest.length > 0 && isTree(inner)) return { ...tree, [name]: mutated(inner, rest, key, value) }
  const others = entries.filter(([other]) => other !== name)
  const changed: Array<Array<[string, unknown]>> = [others, [...others, [name, value]], [...entries, [key, value]], [...others, [key, inner]]]
  return Object.fromEntries(changed[(rest[0] ?? turn) % 4] ?? [])
}

const sample = (name: Parameters<typeof fixture>[0]) => JSON.parse(fixture(name).toString()) as Tree // both are objects
const samples = fc.constantFrom(sample('new-message'), sample('sms-delivery-report'))
const mutants = fc.tuple(samples, fc.array(fc.tuple(fc.array(fc.nat(20), { maxLength: 4 }), names, values), { maxLength: 3 }))
  .map(([sample, mutations]) => mutations.reduce((tree, [turns, key, value]) => mutated(tree, turns, key, value), sample))

const texts = fc.oneof(mutants, events, values).map((value) => JSON.stringify(value))
/** The same with some bytes exchanged for others, or for none. */
const bytes = fc.tuple(texts, fc.nat(2_000), fc.nat(5), fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.constantFrom('"', '{', '}', ',', '\ufeff', '\\u0000', '"event":"a",')))
  .map(([text, at, gone, inserted]) => {
    const body = Buffer.from(text)
    const start = at % (body.length + 1)
    return Buffer.concat([body.subarray(0, start), Buffer.from(inserted), body.subarray(start + gone)])
  })
const bodies = fc.oneof({ arbitrary: texts.map((text) => Buffer.from(text)), weight: 4 }, { arbitrary: bytes, weight: 4 },
  { arbitrary: fc.uint8Array().map((bytes) => Buffer.from(bytes)), weight: 1 })

/** What is to be emitted for a body, found out in another way; nothing if it is to be refused. */
function eventIn (body: Buffer): Tree | undefined {
  let event: unknown
  try {
    event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body).replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
  if (!isTree(event) || typeof event.event !== 'string' || event.event === '' || isPoisoned(event)) return undefined
  if (event.event === 'newMessage') return Value.Check(NewMessage, event) ? event : undefined
  if (event.event === 'smsDeliveryReport') return Value.Check(SmsDeliveryReport, event) ? event : undefined
  return event
}

function isPoisoned (value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isPoisoned)
  if (!isTree(value)) return false
  const { constructor } = Object.hasOwn(value, 'constructor') ? value : { constructor: undefined }
  return Object.hasOwn(value, '__proto__') || (Object(constructor) === constructor && Object.hasOwn(Object(constructor) as object, 'prototype')) ||
    Object.values(value).some(isPoisoned)
}

async function start (t: Test, options: WebhooksOptions) {
  const { app, lines } = await createApp(t, { ...options, inbox: memoryInbox({ keep: 0 }) }) // repeats are events too
  const heard: Array<[name: string, event: unknown]> = []
  app.webhooks.on('newMessage', (event) => { heard.push(['newMessage', event]) })
  app.webhooks.on('smsDeliveryReport', (event) => { heard.push(['smsDeliveryReport', event]) })
  app.webhooks.on('unknown', (event) => { heard.push(['unknown', event]) })
  app.webhooks.on('error', (error) => { heard.push(['error', error]) })
  return { app, lines, heard }
}

const prototypes = () => [Object, Array, Function, String, Number].map(({ prototype }) => Reflect.ownKeys(prototype))

for (const secret of [undefined, SECRET]) {
  test(`any body ${secret === undefined ? '' : 'that is signed '}is emitted as it is, or answered 400`, async (t) => {
    const { app, lines, heard } = await start(t, secret === undefined ? {} : { secret })
    const before = prototypes()
    const seen = new Map<number, number>()
    await fc.assert(fc.asyncProperty(bodies, async (body) => {
      heard.length = 0
      const { statusCode } = await post(app, body, sign(body))
      seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1)
      const event = eventIn(body)
      const name = event?.event === 'newMessage' || event?.event === 'smsDeliveryReport' ? event.event : 'unknown'
      return statusCode === (event === undefined ? 400 : 200) &&
        isDeepStrictEqual(heard, event === undefined ? [] : [[name, event]]) &&
        isDeepStrictEqual(prototypes(), before)
    }), runs(2_000))
    t.notOk(lines.some(({ level }) => level >= 50))
    t.strictSame([...seen.keys()].sort(), [200, 400])
    t.ok([...seen.values()].every((times) => times > 100), 'both have been tried')
  })
}

/** What OneRoute's sample signs. */
function writtenAgain (body: Buffer): string {
  try {
    return JSON.stringify(JSON.parse(body.toString().replace('\ufeff', '')))
  } catch {
    return ''
  }
}

test('any body and any header that do not belong together are answered 401', async (t) => {
  const { app, heard } = await start(t, { secret: SECRET })
  const headers = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{128}$/), texts.map((text) => sign(text)['x-oneroute-signature'] ?? ''))
  await fc.assert(fc.asyncProperty(bodies, headers, async (body, header) => {
    fc.pre([body, writtenAgain(body)].every((text) => header !== sign(text)['x-oneroute-signature']))
    const { statusCode } = await post(app, body, { 'x-oneroute-signature': header })
    return statusCode === 401
  }), runs(500))
  t.strictSame(heard, [])
})
