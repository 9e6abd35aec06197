import Fastify from 'fastify'
import type { NewMessage } from './new-message.ts'
import { report } from './report.ts'
import { work } from './work.ts'

/**
 * What everything is measured against: Fastify parses JSON, the handler works and replies JSON, and nothing else. Written as
 * Fastify is quickest without tricks: a handler that is not async (no promise a request), `reply.send` of a plain object.
 */
const app = Fastify()

app.post<{ Body: NewMessage }>('/webhooks/oneroute', (request, reply) => {
  work(request.body.message.content, request.body.conversation.id)
  reply.send({ status: 'ok' })
})

await app.listen({ host: '127.0.0.1', port: 0 })
report(app.server)
