import { KindGuard } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import type { ValueError, ValueErrorIterator } from '@sinclair/typebox/errors'
import { isObject } from '../options/check.ts'
import { partsOf } from './parts.ts'

const MOST_PROBLEMS = 10

/** Of a million wrong entries the first few say enough, and nobody is to keep the process busy with them. */
const MOST_ERRORS = 1_000

/** The names of fields that a schema has, at any depth. Any other name in an event was chosen by its sender. */
export function fieldNamesOf (schema: TSchema): ReadonlySet<string> {
  return new Set(partsOf(schema).flatMap(({ properties }) => isObject(properties) ? Object.keys(properties) : []))
}

/** Where a value differs from its schema and what was expected there, each place once: never a value or a key of the sender's, for those are somebody's data. */
export function problemsOf (value: unknown, errors: ValueErrorIterator, fieldNames: ReadonlySet<string>): string[] {
  const messages = new Map<string, string>()
  let left = MOST_ERRORS
  try {
    for (const error of errors) {
      const place = placeOf(error.path, value, fieldNames)
      if (!messages.has(place)) messages.set(place, messageOf(error))
      if (messages.size === MOST_PROBLEMS || --left === 0) break
    }
  } catch {
    messages.set('', 'A check of the schema throws: it has to return false') // what it threw may quote the value
  }
  return Array.from(messages, ([place, message]) => `${place}: ${message}`)
}

/** A path of fields and indices, with `*` for every key that is neither. */
function placeOf (path: string, root: unknown, fieldNames: ReadonlySet<string>): string {
  let parent = root
  return path.split('/').map((segment, depth) => {
    if (depth === 0) return segment
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    const isIndex = Array.isArray(parent) && Object.hasOwn(parent, key)
    parent = childOf(parent, key)
    return isIndex || fieldNames.has(key) ? segment : '*'
  }).join('/')
}

/** An object of anything. */
const boxed: (value: unknown) => object = Object

function childOf (parent: unknown, key: string): unknown {
  const owner = boxed(parent)
  return Object.hasOwn(owner, key) ? Reflect.get(owner, key) : undefined
}

/** TypeBox says of a union only that it is one. If nothing inside of it was looked at, it is better to say what it is made of. */
function messageOf (error: ValueError): string {
  if (!KindGuard.IsUnion(error.schema)) return error.message
  const variants = error.errors.map((errors) => errors.First()).filter((first) => first !== undefined)
  return variants.every(({ path }) => path === error.path)
    ? `Expected ${variants.map((variant) => messageOf(variant).replace(/^Expected /, '')).join(' or ')}`
    : error.message
}
