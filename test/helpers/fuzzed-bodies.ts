import { readdirSync, readFileSync } from 'node:fs'
import { Value } from '@sinclair/typebox/value'
import fc from './property.ts'
import { NewMessage, SmsDeliveryReport } from '../../index.ts'

export type Tree = Record<string, unknown>

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Deeper ones are more than `isDeepStrictEqual` can compare. */
const DEEPEST = 1_500

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

function samplesIn (folder: string): Tree[] {
  const url = new URL(folder, import.meta.url)
  return readdirSync(url).filter((file) => file.endsWith('.json')).map((file) => JSON.parse(readFileSync(new URL(file, url), 'utf8')) as Tree) // all are objects
}

const samples = fc.constantFrom(...samplesIn('../fixtures/'), ...samplesIn('../fixtures/accounts/'))
const mutants = fc.tuple(samples, fc.array(fc.tuple(fc.array(fc.nat(20), { maxLength: 4 }), names, values), { maxLength: 3 }))
  .map(([sample, mutations]) => mutations.reduce((tree, [turns, key, value]) => mutated(tree, turns, key, value), sample))

/** The JSON of bodies. */
export const texts = fc.oneof({ arbitrary: mutants, weight: 4 }, { arbitrary: events, weight: 2 }, { arbitrary: values, weight: 1 }).map((value) => JSON.stringify(value))

/** What JSON may have in the place of a value, or must not have. */
const writings = fc.oneof(fc.constantFrom(
  '1e400', '-0', '-0.0', '1E5', '1e-400', '12345678901234567890', '01', '.5', '+1', 'NaN', 'undefined', "'a'", 'nul', '"\\ud83d"', '"\\u0000"', '"\\x"', '"\t"', '""', '[]', '{}',
  '{"__proto__":1}', '{"\\u005f_proto__":1}', '{"constructor":{"prototype":1}}', '{"constructor":1}', '{"a":1,"a":2}', '[1,]', '/**/1', '\u00a01'
), fc.nat(DEEPEST).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`), fc.nat(DEEPEST).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`))
/** The same with one value written in another way. */
const rewritten = fc.tuple(texts, fc.nat(30), writings).map(([text, which, writing]) => {
  const found = [...text.matchAll(/null|true|false|-?\d+(?:\.\d+)?|"[^"\\]*"(?!:)/g)]
  const token = found[which % Math.max(found.length, 1)]
  return token === undefined ? text : text.slice(0, token.index) + writing + text.slice(token.index + token[0].length)
})

/** Some of them are no UTF-8: a byte of its own, an overlong form, half a pair, and one that was cut off. */
const inserted = fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.constantFrom(
  '"', '{', '}', ',', '\ufeff', '\\u0000', '"event":"a",', Buffer.from([0xff]), Buffer.from([0xc0, 0x80]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xf0, 0x9f])))
/** The same with some bytes exchanged for others, or for none. */
const bytes = fc.tuple(texts, fc.nat(2_000), fc.nat(5), inserted).map(([text, at, gone, inserted]) => {
  const body = Buffer.from(text)
  const start = at % (body.length + 1)
  return Buffer.concat([body.subarray(0, start), Buffer.from(inserted), body.subarray(start + gone)])
})
const truncated = fc.tuple(texts, fc.nat()).map(([text, at]) => Buffer.from(text).subarray(0, at % (Buffer.byteLength(text) + 1)))

/** Real bodies that were changed, all of which are JSON. */
export const changedBodies = mutants.map((tree) => Buffer.from(JSON.stringify(tree)))

/** Bodies as OneRoute might post them, and such as nobody should: real ones that were changed, other JSON, and what is no JSON. */
export const bodies = fc.oneof(
  { arbitrary: texts.map((text) => Buffer.from(text)), weight: 4 },
  { arbitrary: bytes, weight: 4 },
  { arbitrary: rewritten.map((text) => Buffer.from(text)), weight: 2 },
  { arbitrary: truncated, weight: 1 },
  { arbitrary: fc.uint8Array().map((bytes) => Buffer.from(bytes)), weight: 1 }
)

/** The event in a body, found out in another way than the plugin does; nothing if there is none that may be taken. */
export function eventIn (body: Uint8Array): Tree | undefined {
  let event: unknown
  try {
    event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body).replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
  return isTree(event) && typeof event.event === 'string' && event.event !== '' && !isPoisoned(event) ? event : undefined
}

/** Whether an event is of its schema, if there is one of its name. */
export function fits (event: Tree): boolean {
  if (event.event === 'newMessage') return Value.Check(NewMessage, event)
  if (event.event === 'smsDeliveryReport') return Value.Check(SmsDeliveryReport, event)
  return true
}

/** The listeners that an event is for, if it fits. */
export function listenerOf ({ event }: Tree): 'newMessage' | 'smsDeliveryReport' | 'unknown' {
  return event === 'newMessage' || event === 'smsDeliveryReport' ? event : 'unknown'
}

/** Whether it has a key that would reach a prototype. */
function isPoisoned (root: unknown): boolean {
  const left = [root]
  while (left.length > 0) {
    const value = left.pop()
    if (isTree(value)) {
      const { constructor } = Object.hasOwn(value, 'constructor') ? value : { constructor: undefined }
      if (Object.hasOwn(value, '__proto__') || (Object(constructor) === constructor && Object.hasOwn(Object(constructor) as object, 'prototype'))) return true
    }
    if (typeof value === 'object' && value !== null) left.push(...Object.values(value) as unknown[]) // whatever is in it
  }
  return false
}

/** What OneRoute's sample signs. */
export function writtenAgain (body: Uint8Array): string {
  try {
    return JSON.stringify(JSON.parse(Buffer.from(body).toString().replace(/^\ufeff/, '')))
  } catch {
    return ''
  }
}

/** The keys of objects that everything inherits from: nothing that comes in may add one. */
export function prototypes (): PropertyKey[][] {
  return [Object, Array, Function, String, Number].map(({ prototype }) => Reflect.ownKeys(prototype))
}
