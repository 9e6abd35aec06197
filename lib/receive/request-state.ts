import type { FastifyInstance } from 'fastify'
import type { Arrival } from '../events/arrival.ts'

/** What arrived, from the parser to the handler: `request.body` is open to the hooks of the host. */
export const ARRIVAL = Symbol('oneroute.arrival')
/** Whether the plugin has answered, and tells so on the channel. To be noted before an answer is sent. */
export const REPORTED = Symbol('oneroute.reported')
/** The code of an error that is none of ours, if it has one. */
export const CODE = Symbol('oneroute.code')

/** What the route keeps of a request between its hooks. */
interface RequestState {
  [ARRIVAL]?: Arrival
  [REPORTED]?: boolean
  [CODE]?: string | undefined
}

/** Makes room for them in every request of a scope: noting something then changes no shape. */
export function addRequestState (scope: FastifyInstance): void {
  for (const note of [ARRIVAL, REPORTED, CODE]) scope.decorateRequest(note)
}

/** Every request of the scope has room for them. */
export function stateOf (request: object): RequestState {
  return request
}
