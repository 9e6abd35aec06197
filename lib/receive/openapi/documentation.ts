import { STATUS_CODES } from 'node:http'
import type { TSchema } from '@sinclair/typebox'
import type { EventCatalogue } from '../../events/catalogue.ts'
import { samples } from '../../events/samples.ts'
import type { ResolvedOptions } from '../../webhooks/options.ts'
import { ReceiptSchema } from '../answers.ts'
import { SIGNATURE_HEADER } from '../signature/hmac.ts'
import { dialectOf } from './dialect.ts'
import type { Schema } from './dialect.ts'

interface Parts {
  readonly catalogue: EventCatalogue
  readonly options: Pick<ResolvedOptions, 'secrets' | 'allowedIps' | 'inbox'>
}

/** The document that @fastify/swagger is about to make. */
interface Document {
  readonly openapi: string
  webhooks?: Record<string, unknown>
}

interface Example {
  readonly summary: string
  readonly value: unknown
}

const SIGNATURE = 'HMAC-SHA512 of the body with the OneRoute Secret Key, in hexadecimal'

/**
 * What @fastify/swagger is to say of the route, for the `config` of the route, where it looks for such a function. Not in the route's
 * `schema`: that one is for checking, and what is said in a document differs between versions of OpenAPI.
 */
export function documentation ({ catalogue, options }: Parts): object {
  return {
    swaggerTransform: ({ url, openapiObject }: { url: string, openapiObject?: Document }) => {
      const dialect = dialectOf(openapiObject?.openapi)
      const headers = options.secrets.length === 0 ? undefined : headersOf()
      if (openapiObject !== undefined && dialect.hasWebhooks) {
        openapiObject.webhooks = { ...webhooksOf(catalogue, options, dialect.convert), ...openapiObject.webhooks }
      }
      const schema = {
        ...about,
        operationId: operationIdOf(url),
        headers,
        body: { ...dialect.convert(catalogue.body), 'x-examples': Object.fromEntries(examplesOf(catalogue)) },
        response: responsesOf(options, dialect.convert)
      }
      return { schema, url }
    }
  }
}

/** The plugin may be registered more than once, and each operation of a document has an id of its own. */
function operationIdOf (url: string): string {
  return `receive${url.replaceAll(/[^A-Za-z0-9]+([A-Za-z0-9]?)/g, (_, next: string) => next.toUpperCase())}`
}

const about = {
  summary: 'Receives webhooks of OneRoute',
  description: 'An event that is answered 200 is safe. A repeat is answered 200, and not handled again.',
  tags: ['webhooks']
} as const

function headersOf () {
  return { type: 'object', required: [SIGNATURE_HEADER], properties: { [SIGNATURE_HEADER]: { type: 'string', pattern: '^[0-9a-fA-F]{128}$', description: SIGNATURE } } }
}

/** The events that have a schema, each with an example if there is one. */
function examplesOf ({ schemas }: EventCatalogue): Array<[name: string, example: Example]> {
  return Array.from(schemas).flatMap(([name, schema]): Array<[string, Example]> => {
    const value = exampleOf(name, schema)
    return value === undefined ? [] : [[name, { summary: schema.description ?? name, value }]]
  })
}

function exampleOf (name: string, { examples }: TSchema): unknown {
  if (name === 'newMessage' || name === 'smsDeliveryReport') return samples[name]
  return Array.isArray(examples) ? examples[0] : undefined
}

/** What OneRoute posts, whatever the route is called: OpenAPI 3.1 has a place for that. */
function webhooksOf (catalogue: EventCatalogue, options: Parts['options'], convert: (schema: TSchema) => Schema) {
  const examples = new Map(examplesOf(catalogue))
  const parameters = options.secrets.length === 0 ? [] : [{ name: SIGNATURE_HEADER, in: 'header', required: true, description: SIGNATURE, schema: { type: 'string' } }]
  return Object.fromEntries(Array.from(catalogue.schemas, ([name, schema]) => {
    const example = examples.get(name)
    const media = { schema: convert(schema), ...example && { examples: { [name]: example } } }
    const operation = {
      summary: schema.description ?? name,
      tags: about.tags,
      parameters,
      requestBody: { required: true, content: { 'application/json': media } },
      responses: { 200: { description: 'The event is safe' } }
    }
    return [name, { post: operation }] as const
  }))
}

function responsesOf ({ secrets, allowedIps, inbox }: Parts['options'], convert: (schema: TSchema) => Schema) {
  const refusals: Array<[status: number, why: string, isPossible: boolean]> = [
    [400, inbox?.durable === true ? 'The body is not an event, or not of its schema while too many such events are kept' : 'The body is not an event, or not of its schema', true],
    [401, 'The signature is missing, malformed or wrong', secrets.length > 0],
    [403, 'The address may not post webhooks', allowedIps !== undefined],
    [413, 'The body is too large', true],
    [415, 'The body is compressed, or encoded in another way', true],
    [500, inbox?.durable === true ? 'The event could not be taken in' : 'The event could not be handled: post it again', true],
    [503, 'The event could not be taken in now: post it again after the seconds in Retry-After', true]
  ]
  const possible = refusals.filter(([, , isPossible]) => isPossible)
  return {
    200: convert(ReceiptSchema),
    ...Object.fromEntries(possible.map(([status, why]) => [status, refusal(status, why)]))
  }
}

function refusal (status: number, description: string) {
  return {
    description,
    type: 'object',
    required: ['statusCode', 'code', 'error', 'message'],
    properties: {
      statusCode: { type: 'integer', enum: [status] },
      code: { type: 'string', description: 'FST_ONEROUTE_…' },
      error: { type: 'string', enum: [STATUS_CODES[status]] },
      message: { type: 'string' }
    }
  }
}
