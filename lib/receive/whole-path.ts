import type { FastifyInstance } from 'fastify'

/** A path of a scope, as a client has it. */
export function wholePath ({ prefix }: Pick<FastifyInstance, 'prefix'>, path: string): string {
  return prefix.replace(/\/$/, '') + path
}
