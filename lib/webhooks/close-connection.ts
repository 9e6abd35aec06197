import type { FastifyReply } from 'fastify'

/** A sender that keeps its connection alive would hold up the end of the server for seconds. */
export function closeConnection (reply: FastifyReply): void {
  // HTTP/2 has no such header: the server itself tells its clients that it goes.
  if (reply.request.raw.httpVersionMajor !== 2) reply.header('connection', 'close')
}
