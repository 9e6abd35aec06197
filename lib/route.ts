import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBodyParser, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createAllowList } from './addresses.ts'
import { Accepted, answerError, closeConnection } from './answers.ts'
import type { EventCatalogue } from './catalogue.ts'
import { AddressNotAllowedError, BadSignatureError } from './errors.ts'
import type { UnknownEvent } from './events.ts'
import type { Intake } from './intake.ts'
import type { ResolvedOptions } from './options.ts'
import { createVerifier, isWellFormed, SIGNATURE_HEADER } from './signature.ts'
import type { Receipt } from './webhooks.ts'

const NO_BYTES = new Uint8Array(0)

/** Where a request keeps the body's bytes from the parser to the handler. */
const BYTES = Symbol('oneroute.bytes')

interface Parts {
  readonly intake: Intake
  readonly catalogue: EventCatalogue
  readonly options: ResolvedOptions
  readonly closing: () => boolean
}

/** Checks who sent a body, and then that it is an event. */
type Read = (request: Pick<FastifyRequest, 'headers'>, bytes: Uint8Array) => UnknownEvent

/** What the handler needs of a request. */
type WebhookRequest = Pick<FastifyRequest, 'headers' | 'validationError'> & { readonly body: UnknownEvent | undefined }

/**
 * The POST route, for a scope of its own: its content type parser must not reach the host. Bytes → address → signature → JSON →
 * schema → inbox; what the host set for its own routes (parsers, validators, serializers, error handler) has no say in it.
 */
export function addRoute (scope: FastifyInstance, parts: Parts): void {
  const { intake, catalogue, options, closing } = parts
  const { allowedIps, bodyLimit, path, routeOptions } = options
  const read = createReader(options.secrets, intake)

  if (allowedIps !== undefined) admitOnly(scope, allowedIps)
  scope.decorateRequest(BYTES) // room for it in every request: setting it then changes no shape
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, createParser(read))
  scope.setReplySerializer((payload) => JSON.stringify(payload))
  scope.withTypeProvider<TypeBoxTypeProvider>().route({
    ...routeOptions,
    method: 'POST',
    url: path,
    schema: { body: catalogue.body, response: { 200: Accepted } },
    bodyLimit,
    attachValidation: true,
    validatorCompiler: () => (body: UnknownEvent | null) => body === null || intake.fits(body) || { error: NOT_OF_ITS_SCHEMA },
    serializerCompiler: () => JSON.stringify, // never used, but the host's would be asked to compile our schema
    errorHandler: (error, request, reply) => { answerError(error, request, reply, closing()) },
    handler: createHandler(parts, read)
  })
}

/** Only tells the handler that the check failed, and never leaves it: what failed is worked out there. */
const NOT_OF_ITS_SCHEMA = new Error('not of its schema')

function admitOnly (scope: FastifyInstance, allowed: readonly string[]): void {
  const allows = createAllowList(allowed)
  scope.addHook('onRequest', (request, _reply, done) => {
    done(allows(request.ip) ? undefined : new AddressNotAllowedError())
  })
}

function createReader (secrets: readonly string[], intake: Intake): Read {
  if (secrets.length === 0) return (_request, bytes) => intake.parse(bytes)
  const verify = createVerifier(secrets)
  return (request, bytes) => {
    const header = request.headers[SIGNATURE_HEADER]
    if (!isWellFormed(header)) throw new BadSignatureError()
    if (!verify(bytes, header)) {
      // OneRoute's own sample signs JSON.stringify(req.body), which may differ from what it sent.
      const serialised = intake.serialiseAgain(bytes)
      if (serialised === undefined || !verify(serialised, header)) throw new BadSignatureError()
    }
    return intake.parse(bytes)
  }
}

function createParser (read: Read): FastifyBodyParser<Buffer> {
  return (request, bytes, done) => {
    let event: UnknownEvent
    try {
      event = read(request, bytes)
    } catch (error) {
      done(error as Error) // nothing else is thrown there
      return
    }
    withBytes(request)[BYTES] = bytes
    done(null, event)
  }
}

function createHandler ({ intake, options, closing }: Parts, read: Read) {
  const signed = options.secrets.length > 0
  /** A promise is for those who have to wait: without one, the reply is on its way when this returns. */
  return (request: WebhookRequest, reply: FastifyReply): Promise<Receipt> | undefined => {
    // A request with neither a body nor a content type has met no parser.
    const bytes = withBytes(request)[BYTES] ?? NO_BYTES
    const event = request.body ?? read(request, bytes)
    if (request.validationError !== undefined) return intake.refuse(bytes, event, signed)
    const receipt = intake.accept(bytes, event)
    if (receipt instanceof Promise) {
      return receipt.finally(() => { if (closing()) closeConnection(reply) })
    }
    if (closing()) closeConnection(reply)
    reply.send(receipt)
    return undefined
  }
}

/** Every request of the scope has room for it. */
function withBytes (request: object): { [BYTES]?: Uint8Array } {
  return request
}
