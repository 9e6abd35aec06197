import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import Fastify, { type FastifyRequest } from 'fastify'
import { secret } from '../secret.ts'
import { isRepeat } from './handwritten-memory.ts'
import { newMessageSchema } from './handwritten-schema.ts'
import type { NewMessage } from './new-message.ts'
import { report } from './report.ts'
import { work } from './work.ts'

declare module 'fastify' {
  interface FastifyRequest { webhookId: string }
}

/**
 * The same job as this plugin's with a secret key, as a good developer writes it into an application: the signature over the
 * raw body, an Ajv schema on the route, a Map of the ids seen, an awaited listener, then the reply.
 */
const app = Fastify()
const parseJson = app.getDefaultJsonParser('error', 'error')
app.decorateRequest('webhookId', '')

app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
  if (!isSigned(request, body)) {
    done(Object.assign(new Error('wrong signature'), { statusCode: 401 }))
    return undefined
  }
  request.webhookId = createHash('sha256').update(body).digest('base64url')
  return parseJson(request, body.toString(), done)
})

app.post<{ Body: NewMessage }>('/webhooks/oneroute', { schema: { body: newMessageSchema } }, async (request) => {
  const id = request.webhookId
  if (isRepeat(id)) return { status: 'duplicate', id }
  await onNewMessage(request.body)
  return { status: 'accepted', id }
})

function isSigned (request: FastifyRequest, body: Buffer) {
  const header = request.headers['x-oneroute-signature']
  if (typeof header !== 'string') return false
  const given = Buffer.from(header, 'hex')
  const expected = createHmac('sha512', secret).update(body).digest()
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function onNewMessage ({ message, conversation }: NewMessage): void | Promise<void> {
  work(message.content, conversation.id)
}

await app.listen({ host: '127.0.0.1', port: 0 })
report(app.server)
