import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBodyParser, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createAllowList } from './addresses.ts'
import { answerError, closeConnection, Taken } from './answers.ts'
import type { EventCatalogue } from './catalogue.ts'
import { AddressNotAllowedError, BadSignatureError } from './errors.ts'
import type { Intake } from './intake.ts'
import { createJudge } from './judge.ts'
import { documentation } from './openapi.ts'
import type { ResolvedOptions } from './options.ts'
import type { Arrival, Receptions } from './receptions.ts'
import { SIGNATURE_HEADER } from './signature.ts'
import { createExplainer } from './signature/explain.ts'
import { registerKeys } from './signature/registered-keys.ts'
import type { Receipt } from './webhooks.ts'

const NO_BYTES = new Uint8Array(0)

/** Where a request keeps what arrived, from the parser to the handler: `request.body` is open to the hooks of the host. */
const ARRIVAL = Symbol('oneroute.arrival')

interface Parts {
  readonly intake: Intake
  readonly catalogue: EventCatalogue
  readonly options: ResolvedOptions
  readonly receptions: Receptions
  readonly closing: () => boolean
}

/** Checks who sent a body, and then that it is an event. */
type Read = (request: Pick<FastifyRequest, 'headers' | 'log'>, bytes: Uint8Array) => Arrival

/**
 * The POST route, for a scope of its own: its content type parser must not reach the host. Bytes → address → signature → JSON →
 * schema → inbox; what the host set for its own routes (parsers, validators, serializers, error handler) has no say in it.
 */
export function addRoute (scope: FastifyInstance, parts: Parts): void {
  const { catalogue, options, receptions, closing } = parts
  const { allowedIps, bodyLimit, path, routeOptions } = options
  const read = createReader(scope, parts)

  if (allowedIps !== undefined) admitOnly(scope, allowedIps)
  scope.decorateRequest(ARRIVAL) // room for it in every request: setting it then changes no shape
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, createParser(read))
  scope.setReplySerializer((payload) => JSON.stringify(payload))
  scope.withTypeProvider<TypeBoxTypeProvider>().route({
    ...routeOptions,
    config: { ...documentation({ catalogue, options }), ...routeOptions.config },
    method: 'POST',
    url: path,
    schema: { body: catalogue.body, response: { 200: Taken } },
    bodyLimit,
    validatorCompiler: () => () => true, // no validator of the host's: the handler checks what arrived
    serializerCompiler: () => JSON.stringify, // never used, but the host's would be asked to compile our schema
    errorHandler: (error, request, reply) => {
      receptions.refused(answerError(error, request, reply, closing()), withArrival(request)[ARRIVAL], reply.elapsedTime)
    },
    handler: createHandler(parts, read)
  })
}

function admitOnly (scope: FastifyInstance, allowed: readonly string[]): void {
  const allows = createAllowList(allowed)
  scope.addHook('onRequest', (request, _reply, done) => {
    done(allows(request.ip) ? undefined : new AddressNotAllowedError())
  })
}

function createReader (scope: FastifyInstance, { options: { secrets, path }, intake, receptions }: Parts): Read {
  const parse = (bytes: Uint8Array) => ({ bytes, event: intake.parse(bytes) })
  if (secrets.length === 0) return (_request, bytes) => parse(bytes)
  const judge = createJudge(secrets, intake)
  const explain = createExplainer(secrets, registerKeys(scope, secrets, path))
  const mayExplain = process.env.NODE_ENV !== 'production'
  return (request, bytes) => {
    const header = request.headers[SIGNATURE_HEADER]
    const { outcome, key } = judge(header, bytes)
    receptions.judged(outcome, key)
    if (key !== null) return parse(bytes)
    const hint = mayExplain ? explain(header, bytes) : undefined
    if (hint !== undefined) request.log.warn({ hint }, 'a signature is not valid')
    throw new BadSignatureError()
  }
}

function createParser (read: Read): FastifyBodyParser<Buffer> {
  return (request, bytes, done) => {
    let arrival: Arrival
    try {
      arrival = read(request, bytes)
    } catch (error) {
      done(error as Error) // nothing else is thrown there
      return
    }
    withArrival(request)[ARRIVAL] = arrival
    done(null, arrival.event)
  }
}

function createHandler ({ intake, catalogue, receptions, closing }: Parts, read: Read) {
  /** Replies by itself where it can: what it returned a promise of would wait for two more. */
  return (request: Pick<FastifyRequest, 'headers' | 'log'>, reply: FastifyReply): undefined => {
    // A request with neither a body nor a content type has met no parser: it is refused here.
    const arrival = withArrival(request)[ARRIVAL] ?? read(request, NO_BYTES)
    const { event } = arrival
    const receipt = intake.take(arrival, request.log)
    if (receipt instanceof Promise) receipt.then(answer).catch((error: unknown) => { reply.send(error) })
    else answer(receipt)
    return undefined

    function answer (receipt: Receipt): void {
      if (closing()) closeConnection(reply)
      reply.send(receipt)
      request.log.info({ webhook: receipt.id, event: catalogue.labelOf(event), status: receipt.status }, 'a webhook was taken in')
      receptions.accepted(receipt, event, reply.elapsedTime)
    }
  }
}

/** Every request of the scope has room for it. */
function withArrival (request: object): { [ARRIVAL]?: Arrival } {
  return request
}
