// Only SQLite: this side of a thread. store/worker.ts is the other side.
import { MessageChannel, Worker } from 'node:worker_threads'
import type { MessagePort, WorkerOptions } from 'node:worker_threads'
import type { Answers, Reply, Request } from './messages.ts'
import { WORKER } from './worker-url.ts'

/**
 * Built, the thread's code is a string, and a script, even if NODE_OPTIONS says that such code is a module. It is not started with what the
 * app's Node was started with: an `--import` would run there once more. On the Node versions where node:sqlite is not stable yet, it warns
 * of itself. In the sources it is a file, and the thread needs what lets Node read TypeScript.
 */
const OPTIONS: Record<string, WorkerOptions> = {
  string: { eval: true, execArgv: ['--input-type=commonjs', '--disable-warning=ExperimentalWarning'] },
  object: {}
}

/** What is new there is soon gone: room for more of it would only be memory that the app does not have. */
const LIMITS = { maxYoungGenerationSizeMb: 8 }

/** What the store says has gone wrong. */
export class StoreError extends Error {
  /** Whether somebody else has the file. */
  readonly locked: boolean

  constructor (message: string, locked = false) {
    super(message)
    this.locked = locked
  }
}

interface Watcher {
  /** Old events could not be removed. */
  readonly onPurgeFailed: (message: string) => void
  /** Another process requests a change. */
  readonly onChangeRequest: () => void
  /** It has ended, and nobody has asked it to. */
  readonly onEnd: (error: Error) => void
}

/**
 * The thread of a store, or one that finds events. It answers one request after the other, on a channel of its own: the one that every worker has is Node's, too,
 * which under `node --watch` reports there what is imported, and the app's, which may write to all of its workers.
 */
export class Thread {
  readonly #port: MessagePort
  readonly #watcher: Watcher
  readonly #waiting: Array<PromiseWithResolvers<Reply>> = []
  readonly #exit = Promise.withResolvers<undefined>()
  #error = new StoreError('the thread of the inbox has ended')
  #ended = false
  #closing = false

  constructor (watcher: Watcher) {
    this.#watcher = watcher
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    port1.on('message', (reply: Reply) => { this.#receive(reply) })
    const worker = new Worker(WORKER, { ...OPTIONS[typeof WORKER], name: 'oneroute-inbox', resourceLimits: LIMITS, workerData: port2, transferList: [port2] })
    worker.on('error', ({ message }) => { this.#error = new StoreError(message) })
    const exited = new Promise((resolve) => { worker.once('exit', resolve) })
    // It closes behind the last answer.
    port1.once('close', () => { void exited.then(() => { this.#end() }) })
  }

  /** Rejects with a `StoreError`, also if the thread ends before it has answered. */
  async ask<Kind extends keyof Answers> (request: Extract<Request, { kind: Kind }>, transfer: ArrayBuffer[] = []): Promise<Answers[Kind]> {
    if (this.#ended) throw this.#error
    const waiting = Promise.withResolvers<Reply>()
    this.#port.postMessage(request, transfer) // throws if it cannot be handed over: then nobody waits
    this.#waiting.push(waiting)
    return await waiting.promise as Answers[Kind] // the thread answers in order, and nothing else
  }

  /** Settles when the thread has ended, and with it every lock on the file. */
  async close (): Promise<void> {
    this.#closing = true
    this.#port.postMessage('close') // which one that has ended does not hear
    await this.#exit.promise
  }

  #receive (reply: Reply): void {
    if (reply.kind === 'purgeFailed') this.#watcher.onPurgeFailed(reply.message)
    else if (reply.kind === 'changeRequest') this.#watcher.onChangeRequest()
    else if (reply.kind === 'failed') this.#waiting.shift()?.reject(new StoreError(reply.message, reply.locked))
    else this.#waiting.shift()?.resolve(reply)
  }

  #end (): void {
    this.#ended = true
    for (const { reject } of this.#waiting) reject(this.#error)
    this.#exit.resolve(undefined)
    if (!this.#closing) this.#watcher.onEnd(this.#error)
  }
}
