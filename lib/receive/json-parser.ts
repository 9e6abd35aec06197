import type { FastifyInstance, FastifyRequest } from 'fastify'

export type ParseJson = (text: string) => unknown

/** Fastify's own JSON parser: it refuses `__proto__`, whatever the host set for its other routes. */
export function jsonParserOf (app: FastifyInstance): ParseJson {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (text) => {
    let result: unknown
    // It looks at no request, and calls back before it returns.
    void parse(undefined as unknown as FastifyRequest, text, (error, value) => {
      if (error !== null) throw error
      result = value
    })
    return result
  }
}
