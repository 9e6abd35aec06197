import type { FastifyInstance } from 'fastify'
import type { Arrival } from '../observe/receive-reporter.ts'

/** What arrived, from the parser to the handler: `request.body` is open to the hooks of the host. */
export const ARRIVAL = Symbol('oneroute.arrival')
/** Whether the plugin has answered, and tells so on the channel. To be noted before an answer is sent. */
export const TOLD = Symbol('oneroute.told')
/** The code of an error that is none of ours, if it has one. */
export const CODE = Symbol('oneroute.code')

/** What the route notes of a request between its hooks. */
export interface Notes {
  [ARRIVAL]?: Arrival
  [TOLD]?: boolean
  [CODE]?: string | undefined
}

/** Makes room for them in every request of a scope: noting something then changes no shape. */
export function makeRoom (scope: FastifyInstance): void {
  for (const note of [ARRIVAL, TOLD, CODE]) scope.decorateRequest(note)
}

/** Every request of the scope has room for them. */
export function notesOf (request: object): Notes {
  return request
}
