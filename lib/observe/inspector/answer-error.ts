import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isCoded } from '../../errors/errors.ts'

const NOT_SAID = 'The inspector could not do it: the log says why'

/** Anything may be thrown. */
const fieldsOf: (thrown: unknown) => Record<string, unknown> = Object

/**
 * Answers for what was thrown, with the status that Fastify would give it. Its message is told if it is one of this plugin's or of
 * Fastify's: what `authorize` throws may have anything in it.
 */
export async function answerError (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { code, message, statusCode: own, status } = fieldsOf(error)
  const statusCode = [own, status, reply.statusCode].map((value) => typeof value === 'string' ? Number(value) : value).find(isError) ?? 500
  const isOurs = isCoded(error) || String(code).startsWith('FST_ERR_')
  // What went wrong inside is for the log, and not for whoever looks.
  if (statusCode >= 500) request.log.error({ err: error }, 'the inspector could not answer')
  else if (!isOurs) request.log.debug({ err: error }, 'the inspector was told to refuse a request')
  await reply.code(statusCode).send({
    statusCode,
    error: STATUS_CODES[statusCode],
    ...isOurs && { code },
    message: messageOf(statusCode, isOurs ? message : STATUS_CODES[statusCode] ?? 'Refused')
  })
}

function messageOf (statusCode: number, message: unknown): unknown {
  return statusCode < 500 ? message : NOT_SAID
}

function isError (status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599
}
