import type { FastifyReply, FastifyRequest } from 'fastify'
import { check } from '../check.ts'
import type { Rule } from '../check.ts'
import { InvalidOptionError } from '../errors.ts'

/** Throws, or returns or resolves to false, to refuse a request with 403; or replies by itself. */
export type Authorize = (request: FastifyRequest, reply: FastifyReply) => unknown

export interface InspectorOptions {
  /** Who may look: `loopback` admits this machine only. Asked before anything is shown. */
  authorize: Authorize | 'loopback'
  /** Fields of these names are not shown, at any depth of an event. @default ['credentials'] */
  redact?: readonly string[] | undefined
}

const RULES: Record<keyof InspectorOptions, Rule> = {
  authorize: { fits: (value) => value === 'loopback' || typeof value === 'function', must: "be a function, or 'loopback'" },
  redact: { fits: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'), must: 'be a list of names' }
}

export function resolveInspectorOptions (options: InspectorOptions): Required<InspectorOptions> & { redact: readonly string[] } {
  // Fastify passes on what it takes itself.
  const { prefix: _prefix, logLevel: _logLevel, logSerializers: _logSerializers, ...own } = options as InspectorOptions & Record<string, unknown> // it may be given more
  check("the inspector's options", own, RULES)
  if (!RULES.authorize.fits(options.authorize)) {
    throw new InvalidOptionError("`authorize` of the inspector's options must be a function, or 'loopback', got undefined: it shows customers' messages")
  }
  return { authorize: options.authorize, redact: options.redact ?? ['credentials'] }
}
