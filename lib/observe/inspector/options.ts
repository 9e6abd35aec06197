import type { FastifyReply, FastifyRequest } from 'fastify'
import { InvalidOptionError } from '../../errors/errors.ts'
import { check, ownOptions } from '../../options/check.ts'
import type { Rule } from '../../options/check.ts'

/**
 * Admits a request by `true`, returned or resolved to. Anything else refuses it with 403, and so does what is thrown, with its status; or
 * it replies by itself, waits for that and returns false: `await reply.redirect('/login')`.
 */
export type Authorize = (request: FastifyRequest, reply: FastifyReply) => boolean | Promise<boolean>

export interface InspectorOptions {
  /** Who may look: `loopback` admits this machine only. Asked before anything is shown. */
  authorize: Authorize | 'loopback'
  /** What fields of these names hold, at any depth of an event, is not shown: not there, and not in its errors and its lane. @default ['credentials'] */
  redact?: readonly string[] | undefined
}

const RULES: Record<keyof InspectorOptions, Rule> = {
  authorize: { fits: (value) => value === 'loopback' || typeof value === 'function', must: "be a function, or 'loopback'" },
  redact: { fits: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'), must: 'be a list of names' }
}

export function resolveInspectorOptions (options: InspectorOptions): Required<InspectorOptions> & { redact: readonly string[] } {
  check("the inspector's options", ownOptions(options), RULES)
  if (!RULES.authorize.fits(options.authorize)) {
    throw new InvalidOptionError("`authorize` of the inspector's options must be a function, or 'loopback', got undefined: it shows customers' messages")
  }
  refuseCallback(options.authorize)
  return { authorize: options.authorize, redact: options.redact ?? ['credentials'] }
}

/** A hook of Fastify's may take a callback and return nothing, before it has decided. */
function refuseCallback (authorize: InspectorOptions['authorize']): void {
  if (authorize === 'loopback' || authorize.length <= 2) return
  throw new InvalidOptionError("`authorize` of the inspector's options must take (request, reply) and return true or false, or a promise of that, " +
    `got a function with ${authorize.length} parameters: its callback would never be called. ` +
    'Wrap it by `promisify` of node:util: `const login = promisify(app.basicAuth)`, and `async (request, reply) => { await login(request, reply); return true }`')
}
