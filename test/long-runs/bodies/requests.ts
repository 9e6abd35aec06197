import { isUtf8 } from 'node:buffer'
import fc from '../../helpers/property.ts'
import { bodies, changedBodies, eventIn, writtenAgain } from '../../helpers/fuzzed-bodies.ts'
import type { Tree } from '../../helpers/fuzzed-bodies.ts'
import { SECRET, sign } from '../../helpers/http.ts'

/** Of the app: so small that bodies beyond it are cheap. */
export const BODY_LIMIT = 65_536

/** What the plugin no longer writes again for a signature: see reserialised.ts. */
const DENSE = 1_000

export interface Request {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** What the route has to make of a request: it answers one of these, and of a 200 this event is delivered. */
export interface Expected {
  readonly statuses: readonly number[]
  readonly event: Tree | undefined
  /** What the event is parsed from, and what its id is the hash of. */
  readonly bytes: Uint8Array
}

const long = fc.tuple(fc.constantFrom('x', 'é', '😀', '\\u00e9', ' '), fc.integer({ min: 1_000, max: 80_000 }))
  .map(([unit, length]) => Buffer.from(`{"event":"long","text":"${unit.repeat(length / unit.length)}"}`))
const anyBodies = fc.oneof({ arbitrary: bodies, weight: 120 }, { arbitrary: changedBodies, weight: 80 }, { arbitrary: long, weight: 1 })

const types = fc.constantFrom(
  'application/json', 'application/json', 'application/json; charset=utf-8', 'application/vnd.api+json', 'text/plain', 'application/octet-stream', 'nonsense', '',
  'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', undefined
)
const encodings = fc.oneof({ arbitrary: fc.constant(undefined), weight: 20 }, { arbitrary: fc.constantFrom('gzip', 'identity', 'br', 'nonsense'), weight: 1 })

/** What is signed: of ten, seven are as OneRoute does it. */
const signatures = fc.oneof(
  { arbitrary: fc.constant('body' as const), weight: 6 },
  { arbitrary: fc.constantFrom('written again' as const, 'another body' as const, 'another key' as const, 'malformed' as const, 'missing' as const), weight: 4 }
)
type Signature = typeof signatures extends fc.Arbitrary<infer T> ? T : never

function signatureOf (signature: Signature, body: Buffer): Record<string, string> {
  const { 'x-oneroute-signature': own = '' } = sign(body)
  switch (signature) {
    case 'body': return sign(body)
    case 'written again': return sign(writtenAgain(body))
    case 'another body': return sign(Buffer.concat([body, Buffer.from(' ')]))
    case 'another key': return sign(body, `not ${SECRET}`)
    case 'malformed': return { 'x-oneroute-signature': own.slice(1) }
    case 'missing': return {}
  }
}

export const requests = fc.tuple(anyBodies, signatures, types, encodings).map(([body, signature, type, encoding]): Request => ({
  body,
  headers: {
    ...signatureOf(signature, body),
    ...type !== undefined && { 'content-type': type },
    ...encoding !== undefined && { 'content-encoding': encoding }
  }
}))

/** As docs/delivery.md says, in its order. */
export function expectedOf ({ body, headers }: Request, signed: boolean): Expected {
  const signature = headers['x-oneroute-signature']
  const refused = (...statuses: number[]): Expected => ({ statuses, event: undefined, bytes: body })
  if (signed && (signature === undefined || signature.length !== 128)) return refused(401)
  if (body.length > BODY_LIMIT) return refused(413)
  if (isEncoded(body, headers['content-encoding'])) return refused(415)
  const text = isUtf8(body) ? writtenAgain(body) : ''
  const again = text === '' ? undefined : Buffer.from(text)
  const bytes = !signed || isOf(signature, body) ? body : again !== undefined && isOf(signature, again) ? again : undefined
  if (bytes === undefined) return refused(401)
  const event = eventIn(bytes)
  const either = bytes === again && isDense(body) ? [401] : []
  return event === undefined ? refused(400, ...either) : { statuses: [200, ...either], event, bytes }
}

function isOf (signature: string | undefined, body: Buffer): boolean {
  return signature === sign(body)['x-oneroute-signature']
}

function isEncoded ([first]: Buffer, encoding = 'identity'): boolean {
  return encoding !== 'identity' && first !== undefined && !Buffer.from('{ \t\r\n\ufeff').subarray(0, 6).includes(first)
}

function isDense (body: Buffer): boolean {
  return (body.toString().match(/[,[{]/g)?.length ?? 0) > DENSE
}
