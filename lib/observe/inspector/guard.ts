import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CrossSiteError, NotAuthorizedError } from '../../errors/errors.ts'
import { hostOf, isLoopback } from './loopback.ts'
import type { InspectorOptions } from './options.ts'

/** What a browser is told of everything that is answered. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store'
} as const

/** Asks before every answer of the scope whether there may be one. */
export function guard (scope: FastifyInstance, authorize: InspectorOptions['authorize']): void {
  scope.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    const allowed: unknown = authorize === 'loopback' ? isLoopback(request) : await authorize(request, reply)
    // Only `true`, whatever a caller in JavaScript returns: with nobody logged in, `request.user?.isAdmin` is neither true nor false.
    if (allowed !== true && !reply.sent) throw new NotAuthorizedError()
  })
  scope.addHook('onRequest', refuseOtherSites)
}

/** A page of another site may make a browser send a request, with the cookies of this one: it must change nothing. */
async function refuseOtherSites (request: FastifyRequest, _reply: FastifyReply): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD') return
  const { origin, 'sec-fetch-site': site } = request.headers
  // What a browser says of itself counts more than names, which a proxy may have changed on the way.
  const isSame = site === undefined ? origin === undefined || URL.parse(origin)?.host === hostOf(request.headers) : site === 'same-origin'
  if (!isSame) throw new CrossSiteError()
}
