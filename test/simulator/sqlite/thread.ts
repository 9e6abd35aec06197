import type { Reply, Request } from '../../../lib/inbox/sqlite/messages.ts'
import type { Task } from '../clock.ts'
import type { Life } from '../life.ts'
import type { SimulatedPort, SimulatedWorker } from './threads.ts'

interface Parts {
  readonly life: Life
  readonly worker: SimulatedWorker
  readonly port: SimulatedPort
  /** Does what the thread does with a request. */
  readonly answer: (request: Request) => Reply
  /** It has ended. */
  readonly onEnd: (isClosed: boolean) => void
}

/** A thread of a store: what is on its way to it, and from it. */
export class SimulatedThread {
  readonly life: Life
  isRunning = true
  readonly #parts: Parts
  readonly #requests: Array<Request | 'close'> = []
  readonly #answers: Array<() => void> = []
  /** What Node says of its end, which does not come over the channel. */
  readonly #news: Array<() => void> = []

  constructor (parts: Parts) {
    this.life = parts.life
    this.#parts = parts
    parts.port.thread = this
  }

  receive (request: Request | 'close'): void {
    if (this.isRunning && !this.life.isOver) this.#requests.push(request)
  }

  /** Requests are taken in order, and so are answers and what Node says of the thread's end. */
  tasks (): Task[] {
    const { life } = this.#parts
    const tasks: Task[] = []
    if (this.isRunning && this.#requests.length > 0) tasks.push({ owner: undefined, label: 'the thread takes a request', run: () => { this.#take() } })
    if (this.#answers.length > 0) tasks.push({ owner: life, label: 'the app gets an answer', run: () => { this.#answers.shift()?.() } })
    if (this.#news.length > 0) tasks.push({ owner: life, label: 'the app hears of an end', run: () => { this.#news.shift()?.() } })
    return tasks
  }

  get hasRequest (): boolean {
    return this.isRunning && this.#requests.length > 0
  }

  /** It ends by itself. `answered`: it does what it was asked before, and ends before the answer has left it. */
  end (message: string, { answered = false } = {}): void {
    const request = this.#requests[0]
    if (answered && request !== undefined && request !== 'close') this.#parts.answer(request)
    this.#stop(false, message)
  }

  #take (): void {
    const request = this.#requests.shift()
    if (request === undefined) return
    if (request === 'close') {
      this.#stop(true)
      return
    }
    const reply = this.#parts.answer(request) // nobody else has it: it need not be copied
    this.#answers.push(() => { this.#parts.port.emit('message', reply) })
  }

  #stop (isClosed: boolean, message?: string): void {
    const { worker, port, onEnd } = this.#parts
    this.isRunning = false
    this.#requests.length = 0
    onEnd(isClosed)
    if (message !== undefined) this.#news.push(() => { worker.emit('error', new Error(message)) })
    this.#news.push(() => { worker.emit('exit', isClosed ? 0 : 1) })
    this.#answers.push(() => { port.emit('close') })
  }
}
