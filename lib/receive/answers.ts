import { STATUS_CODES } from 'node:http'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { BodyTooLargeError, isCoded } from '../errors/errors.ts'
import type { CodedError } from '../errors/errors.ts'
import { closeConnection } from '../webhooks/close-connection.ts'
import type { Receipt } from '../webhooks/webhooks.ts'

const RETRY_AFTER = '5' // seconds: about what a store or a database needs to come back

/** What a 200 holds. */
export const ReceiptSchema = Type.Unsafe<Receipt>(Type.Object({
  status: Type.Unsafe<Receipt['status']>({ type: 'string', enum: ['accepted', 'duplicate', 'invalid'] }),
  id: Type.String({ description: 'SHA-256 of the body, base64url, unless the app has set another key' }),
  problems: Type.Optional(Type.Array(Type.String(), { description: 'Of an event that is not of its schema: where it differs' }))
}, { description: 'The event is safe: accepted, a duplicate of one that was, or kept though it is not of its schema' }))

/** Answers for an error of ours. */
export function answerError (error: CodedError, request: FastifyRequest, reply: FastifyReply, closing: boolean): void {
  const { statusCode, code, message } = error
  if (statusCode >= 500) request.log.error({ err: error }, 'a webhook could not be taken in')
  else request.log.warn({ code }, `a webhook was refused: ${message}`)
  if (closing) closeConnection(reply)
  if (statusCode === 503) reply.header('retry-after', RETRY_AFTER)
  reply.code(statusCode).send({ statusCode, code, error: STATUS_CODES[statusCode], message })
}

/** One of our errors, or Fastify's where we have one for it; undefined for those that hooks of the host have raised. */
export function codedOf (error: Error & { code?: string }): CodedError | undefined {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new BodyTooLargeError()
  return isCoded(error) ? error : undefined
}
