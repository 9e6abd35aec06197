import type { FastifyInstance, FastifyRequest } from 'fastify'
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
  scope.addHook('onRequest', async (request) => { refuseOtherSites(request, `${scope.prefix}/api/`) })
}

/** A page of another site may make a browser send a request, with the cookies of this one: it must change nothing, and look through nothing. */
function refuseOtherSites (request: FastifyRequest, api: string): void {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  // The page itself may be reached by a link.
  if (isRead && request.routeOptions.url?.startsWith(api) !== true) return
  const { origin, 'sec-fetch-site': site } = request.headers
  // What a browser says of itself counts more than names, which a proxy may have changed on the way. `none` is whoever types an address.
  const isSame = site === undefined
    ? origin === undefined || URL.parse(origin)?.host === hostOf(request.headers)
    : site === 'same-origin' || (isRead && site === 'none')
  if (!isSame) throw new CrossSiteError()
}
