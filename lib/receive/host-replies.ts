import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ReceiveReporter } from '../observe/receive-reporter.ts'
import { CODE, stateOf, REPORTED } from './request-state.ts'

/** Between two log lines of answers with the same status, in milliseconds: a flood of them must not fill the log. */
const EVERY = 60_000

/**
 * Counts and logs what requests of the route were answered that the plugin has not answered: the app's own hooks run for it too, and a login
 * or a rate limit that refuses OneRoute would otherwise be seen by nobody.
 */
export function reportHostReplies (scope: FastifyInstance, reporter: Pick<ReceiveReporter, 'answeredOtherwise'>, now: () => number = () => performance.now()): void {
  const logged = new Map<number, number>()
  // Not onResponse: to be told of the end of every response would cost each event more.
  scope.addHook('onSend', (request, reply, _payload, done) => {
    if (stateOf(request)[REPORTED] !== true) see(request, reply)
    done()
  })

  function see (request: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void {
    if (request.raw.readableAborted) return // the sender has hung up: nobody is answered
    const code = stateOf(request)[CODE] ?? null
    reporter.answeredOtherwise(statusCode, code, elapsedTime)
    const last = logged.get(statusCode)
    if (last !== undefined && now() - last < EVERY) return
    logged.set(statusCode, now())
    request.log.warn({ code }, `a webhook was answered ${statusCode} by a hook of the app, and not taken in: leave this route out of that hook`)
  }
}
