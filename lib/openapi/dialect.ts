import type { TSchema } from '@sinclair/typebox'
import { isObject } from '../check.ts'

/** A schema as a document has it. */
export type Schema = Record<string, unknown>

export interface Dialect {
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
  return JSON.parse(JSON.stringify(schema)) as Schema // a schema is JSON
}

function older (schema: Schema): Schema {
  const { anyOf, const: only, examples, properties, items, type, ...rest } = schema
  const own: Schema = {
    ...rest,
    ...type !== undefined && type !== 'null' && { type },
    ...type === 'null' && { nullable: true, enum: [null] },
    ...only !== undefined && { enum: [only] },
    ...Array.isArray(examples) && { example: examples[0] as unknown },
    ...isObject(items) && { items: older(items) },
    ...isObject(properties) && { properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, older(property as Schema)])) } // as JSON Schema has it
  }
  return Array.isArray(anyOf) ? { ...own, ...union(anyOf as Schema[]) } : own // as JSON Schema has it
}

function union (members: readonly Schema[]): Schema {
  const rest = members.filter(({ type }) => type !== 'null').map(older)
  const nullable = rest.length < members.length && { nullable: true }
  const [only] = rest
  return rest.length === 1 && only !== undefined ? { ...only, ...nullable } : { anyOf: rest, ...nullable }
}
