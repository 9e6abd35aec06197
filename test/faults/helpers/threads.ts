import { subscribe } from 'node:diagnostics_channel'
import type { Worker } from 'node:worker_threads'

/** The threads that this process has started, in order: Node tells of each. */
export const threads: Worker[] = []

subscribe('worker_threads', (message) => {
  threads.push((message as { worker: Worker }).worker) // what is published there
})

/** The one that was started last, which is the store's. */
export function lastThread (): Worker {
  const last = threads.at(-1)
  if (last === undefined) throw new Error('no thread was started')
  return last
}
