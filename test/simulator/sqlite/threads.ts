import { EventEmitter } from 'node:events'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import workerThreads from 'node:worker_threads'
import type { Request } from '../../../lib/inbox/sqlite/messages.ts'

/** Where the file of every simulated inbox is. There is none. */
export const PATH = '/simulated/inbox.db'
/** Of that file: no other one has it. */
const DESCRIPTOR = -17

/** The end of a channel that the app has. */
export class SimulatedPort extends EventEmitter {
  /** Whose thread is at the other end. */
  thread: { receive (message: Request | 'close'): void } | undefined

  /** What is handed over is a copy, as of any message. */
  postMessage (message: Request | 'close', transfer: ArrayBuffer[] = []): void {
    this.thread?.receive(structuredClone(message, { transfer }))
  }
}

/** The app's end of a thread: it tells of its end. */
export class SimulatedWorker extends EventEmitter {}

interface Threads {
  start (worker: SimulatedWorker, port: SimulatedPort): void
  /** Somebody has closed the file. */
  closed (): void
}

/** Replaces threads, and the one file that the app opens itself, until the function is called that is returned. */
export function simulateThreads (threads: () => Threads): () => void {
  const real = { Worker: workerThreads.Worker, MessageChannel: workerThreads.MessageChannel, openSync: fs.openSync, closeSync: fs.closeSync }
  Object.assign(workerThreads, {
    MessageChannel: class {
      readonly port1 = new SimulatedPort()
      readonly port2 = this.port1
    },
    Worker: class extends SimulatedWorker {
      constructor (_url: string | URL, { workerData }: { workerData: SimulatedPort }) {
        super()
        threads().start(this, workerData)
      }
    }
  })
  Object.assign(fs, {
    openSync: (path: string, ...rest: [string]) => path === PATH ? DESCRIPTOR : real.openSync(path, ...rest),
    closeSync: (descriptor: number) => {
      if (descriptor === DESCRIPTOR) threads().closed()
      else real.closeSync(descriptor)
    }
  })
  syncBuiltinESMExports()
  return () => {
    Object.assign(workerThreads, { Worker: real.Worker, MessageChannel: real.MessageChannel })
    Object.assign(fs, { openSync: real.openSync, closeSync: real.closeSync })
    syncBuiltinESMExports()
  }
}
