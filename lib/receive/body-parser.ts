import type { FastifyBodyParser, FastifyInstance, FastifyRequest } from 'fastify'
import { UnsupportedEncodingError } from '../errors/errors.ts'

const JSON_TYPE = 'application/json'

/** What an event can begin with: a brace, or white space or a byte order mark before it. */
const BEGINNINGS = Buffer.from('{ \t\r\n\u{feff}').subarray(0, 6)

/** Has all bodies come to one parser: a content type proves nothing, so any is taken. */
export function takeAnyType (scope: FastifyInstance, parser: FastifyBodyParser<Buffer>): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, parser) // which is found quicker than the one for all
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, parser)
  scope.addHook('onRequest', (request, _reply, done) => {
    if (!hasType(request)) request.headers = { ...request.headers, 'content-type': JSON_TYPE }
    done()
  })
}

/** To one that it can make nothing of, Fastify answers 415. Without any, it takes a body of unknown length for none: with HTTP/2, for example. */
function hasType (request: FastifyRequest): boolean {
  const type = request.headers['content-type']
  if (type === undefined || type === JSON_TYPE) return type !== undefined
  // Not of the request itself, which would keep what it finds there.
  return (Object.create(request) as FastifyRequest).mediaType !== undefined // what is made of it has all that it has
}

/** A body that came compressed is fine if a hook of the host has undone that: the header may be there nevertheless. */
export function assertDecoded ({ 'content-encoding': encoding }: FastifyRequest['headers'], [first]: Uint8Array): void {
  if (encoding === undefined || encoding.toLowerCase() === 'identity' || first === undefined) return
  if (!BEGINNINGS.includes(first)) throw new UnsupportedEncodingError()
}
