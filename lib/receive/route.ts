import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBodyParser, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AddressNotAllowedError } from '../errors/errors.ts'
import type { Arrival } from '../events/arrival.ts'
import type { EventCatalogue } from '../events/catalogue.ts'
import type { ReceiveReporter } from '../observe/receive-reporter.ts'
import { closeConnection } from '../webhooks/close-connection.ts'
import type { ResolvedOptions } from '../webhooks/options.ts'
import type { Receipt } from '../webhooks/webhooks.ts'
import { createAllowList } from './allowed-ips.ts'
import { answerError, codedOf, ReceiptSchema } from './answers.ts'
import { assertDecoded, takeAnyType } from './body-parser.ts'
import { reportHostReplies } from './host-replies.ts'
import type { Intake } from './intake.ts'
import { documentation } from './openapi/documentation.ts'
import { ARRIVAL, CODE, addRequestState, stateOf, REPORTED } from './request-state.ts'
import { SignatureCheck } from './signature/check.ts'

interface Parts {
  readonly intake: Intake
  readonly catalogue: EventCatalogue
  readonly options: ResolvedOptions
  readonly reporter: ReceiveReporter
  readonly closing: () => boolean
}

/** Checks who signed a body, and then that it is an event. */
type Read = (request: Pick<FastifyRequest, 'headers' | 'log'>, bytes: Uint8Array) => Arrival

/**
 * The POST route, for a scope of its own: its content type parser must not reach the host. Address → header of the signature → bytes →
 * signature → JSON → schema → inbox; what the host set for its own routes (parsers, validators, serializers, error handler) has no
 * say in it.
 */
export function addRoute (scope: FastifyInstance, parts: Parts): void {
  const { catalogue, options, reporter, closing } = parts
  const { allowedIps, bodyLimit, path, routeOptions, secrets } = options
  const check = secrets.length === 0 ? undefined : new SignatureCheck(scope, options, reporter)
  const read = createReader(parts, check)

  addRequestState(scope)
  reportHostReplies(scope, reporter)
  if (allowedIps !== undefined) admitOnly(scope, allowedIps)
  if (check !== undefined) scope.addHook('onRequest', (request, _reply, done) => { done(check.ofHeader(request)) })
  takeAnyType(scope, createParser(read))
  scope.setReplySerializer((payload) => JSON.stringify(payload))
  scope.withTypeProvider<TypeBoxTypeProvider>().route({
    ...routeOptions,
    // OneRoute posts for all customers from one address: a limit for each address would refuse them.
    config: { rateLimit: false, ...documentation({ catalogue, options }), ...routeOptions.config },
    method: 'POST',
    url: path,
    schema: { body: catalogue.body, response: { 200: ReceiptSchema } },
    bodyLimit,
    validatorCompiler: () => () => true, // no validator of the host's: the handler checks what arrived
    serializerCompiler: () => JSON.stringify, // never used, but the host's would be asked to compile our schema
    errorHandler: createErrorHandler(reporter, closing),
    handler: createHandler(parts)
  })
}

function admitOnly (scope: FastifyInstance, allowed: readonly string[]): void {
  const allows = createAllowList(allowed)
  scope.addHook('onRequest', (request, _reply, done) => {
    done(allows(request.ip) ? undefined : new AddressNotAllowedError())
  })
}

function createErrorHandler (reporter: ReceiveReporter, closing: () => boolean) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const state = stateOf(request)
    const known = codedOf(error)
    if (known === undefined) {
      state[CODE] = error.code
      throw error // of the host's hooks: on to the host's error handler
    }
    state[REPORTED] = true // before the answer, which may end the request at once
    answerError(known, request, reply, closing())
    reporter.refused(known, state[ARRIVAL], reply.elapsedTime)
  }
}

function createReader ({ intake }: Parts, check: SignatureCheck | undefined): Read {
  return (request, body) => {
    assertDecoded(request.headers, body)
    const bytes = check === undefined ? body : check.ofBody(request, body)
    return { bytes, event: intake.parse(bytes) }
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
    stateOf(request)[ARRIVAL] = arrival
    done(null, arrival.event)
  }
}

function createHandler ({ intake, catalogue, reporter, closing }: Parts) {
  /** Replies by itself where it can: what it returned a promise of would wait for two more. */
  return (request: Pick<FastifyRequest, 'log'>, reply: FastifyReply): undefined => {
    const arrival = stateOf(request)[ARRIVAL] as Arrival // of the parser, which every request comes to
    const { event } = arrival
    const receipt = intake.take(arrival, request.log)
    if (receipt instanceof Promise) receipt.then(answer).catch((error: unknown) => { reply.send(error) })
    else answer(receipt)
    return undefined

    function answer (receipt: Receipt): void {
      if (reply.sent) return // too late, as after Fastify's handlerTimeout: that answer was counted
      if (closing()) closeConnection(reply)
      stateOf(request)[REPORTED] = true
      reply.send(receipt)
      request.log.info({ webhook: receipt.id, event: catalogue.labelOf(event), status: receipt.status }, 'a webhook was taken in')
      reporter.accepted(receipt, event, reply.elapsedTime)
    }
  }
}
