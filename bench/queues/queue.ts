import type { NewMessage } from '../servers/new-message.ts'

/** One of the contestants, in a process: all of them deliver the same events, and are to keep each conversation's order. */
export interface Queue {
  /** Whether the events of one call go in one statement. If not, many calls may be under way at a time: their order is the events'. */
  takesBatches: boolean
  /** In this order: for the next, all before have to be added already, or be on their way in the same batch. */
  add: (bodies: string[]) => Promise<void>
  /** Begins to deliver. If `handle` throws, the event is to be delivered again, as soon as the library can. */
  deliver: (handle: (event: NewMessage) => void) => Promise<void>
  /** Events that are not recorded as done. */
  pending: () => Promise<number>
}

export type OpenQueue = (url: string) => Promise<Queue>

/** Events in one statement, at most. */
export const BATCH = 500
/** Deliveries under way. */
export const CONCURRENCY = 64

/** An event as an app would hand it to a queue. */
export function parsed (body: string): NewMessage {
  // bodies.ts makes no others.
  return JSON.parse(body) as NewMessage
}

export function batches<T> (values: T[], size = BATCH) {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) => values.slice(index * size, (index + 1) * size))
}
