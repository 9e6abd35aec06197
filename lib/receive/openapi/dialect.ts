import type { TSchema } from '@sinclair/typebox'
import { trustedJson } from '../../events/trusted-json.ts'
import { isList, isObject } from '../../options/check.ts'

/** A schema as a document has it. */
export type Schema = Record<string, unknown>

interface Dialect {
  readonly hasWebhooks: boolean
  /** Writes a JSON Schema as this version of OpenAPI has it. */
  readonly convert: (schema: TSchema) => Schema
}

/** From 3.1 on, schemas are those of JSON Schema. Before, there is no null, no `const`, and one example. */
export function dialectOf (version = '3.0.3'): Dialect {
  const isOld = /^3\.0\b/.test(version)
  return { hasWebhooks: !isOld, convert: (schema) => isOld ? older(plain(schema)) : plain(schema) }
}

/** Without the symbols of TypeBox. */
function plain (schema: TSchema): Schema {
  return trustedJson(JSON.stringify(schema))
}

/** `true`, for example, says nothing. */
const schemaOf: (value: unknown) => Schema = Object

function older (schema: Schema): Schema {
  const { anyOf, allOf, const: only, examples, properties, patternProperties, additionalProperties, items, type, ...rest } = schema
  // That is what a Type.Record has: the keys of its pattern are described by nothing but the values.
  const [others = additionalProperties] = isObject(patternProperties) ? Object.values(patternProperties) : []
  const own: Schema = {
    ...rest,
    ...type !== undefined && type !== 'null' && { type },
    ...type === 'null' && { nullable: true, enum: [null] },
    ...only !== undefined && { enum: [only] },
    ...isList(examples) && { example: examples[0] },
    ...isObject(items) && { items: older(items) },
    ...isList(allOf) && { allOf: allOf.map(schemaOf).map(older) },
    ...others !== undefined && { additionalProperties: isObject(others) ? older(others) : others },
    ...isObject(properties) && { properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, older(schemaOf(property))])) }
  }
  return isList(anyOf) ? { ...own, ...union(anyOf.map(schemaOf)) } : own
}

function union (members: readonly Schema[]): Schema {
  const others = members.filter(({ type }) => type !== 'null')
  const rest = others.map(older).map(others.length < members.length ? orNull : (member) => member)
  const [only] = rest
  return rest.length === 1 && only !== undefined ? only : { anyOf: rest }
}

/** `nullable` counts beside a `type` only, so a union cannot have it for its members, and where values are listed null is one of them. */
function orNull (schema: Schema): Schema {
  return { ...schema, nullable: true, ...isList(schema.enum) && { enum: [...schema.enum, null] } }
}
