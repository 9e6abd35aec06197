import { EventEmitter } from 'node:events'
import type { PostgresClient, PostgresQuery } from '../../../lib/inbox/postgres/pool.ts'
import type { Row } from '../../../lib/inbox/postgres/query.ts'
import type { Task } from '../clock.ts'
import type { AppSession } from './app-session.ts'
import type { SimulatedPool } from './pool.ts'

/** A statement on its way: the server is to run it, and then the client is to get the answer. */
interface Message {
  readonly query: PostgresQuery
  readonly resolve: (result: { rows: Row[] }) => void
  readonly reject: (error: Error) => void
  /** Whether the server never gets it. */
  isLost: boolean
  /** Gives the client the server's answer, once there is one. */
  answer: (() => void) | undefined
}

/** As pg has it. */
const cutError = () => new Error('Connection terminated unexpectedly')

/** A connection of a process. It has one statement under way at a time: the inbox asks for no more. */
export class SimulatedConnection extends EventEmitter implements PostgresClient {
  readonly #pool: SimulatedPool
  /** Of an app: an inbox has no transaction of more than one statement. */
  readonly session: AppSession | undefined
  isListening = false
  /** Whether nothing comes through for now, in either direction. */
  hangs = false
  #message: Message | undefined
  #notices: string[] = []
  /** Cut: it is gone, and the client does not know it yet. */
  #state: 'open' | 'cut' | 'closed' = 'open'

  constructor (pool: SimulatedPool) {
    super()
    this.#pool = pool
    this.session = pool.newSession?.()
  }

  get isOpen (): boolean {
    return this.#state === 'open'
  }

  /** Whether the server has a statement that it has not run. */
  get isAsked (): boolean {
    return this.#message?.isLost === false && this.#message.answer === undefined
  }

  get isAnswered (): boolean {
    return this.#message?.answer !== undefined
  }

  get hasNotices (): boolean {
    return this.#notices.length > 0
  }

  async query (query: PostgresQuery): Promise<{ rows: Row[] }> {
    if (this.#pool.life.isOver) return await new Promise(() => {})
    if (this.#state === 'closed') throw new Error('Client has encountered a connection error and is not queryable')
    if (this.#message !== undefined) throw new Error('a statement is under way on this connection')
    const { promise, ...settle } = Promise.withResolvers<{ rows: Row[] }>()
    const message: Message = { query, ...settle, isLost: this.#state === 'cut', answer: undefined }
    this.#message = message
    if (this.#pool.isQuick() && this.#state === 'open') {
      this.#execute(message)
      this.#answer(message)
    }
    return await promise
  }

  release (error?: Error | boolean): void {
    if (this.#pool.life.isOver) return
    const isGood = (error === undefined || error === false) && this.#state !== 'closed'
    if (!isGood) this.#close()
    this.#pool.giveBack(this, isGood)
  }

  notify (notice: string): void {
    if (this.isListening && this.#state === 'open') this.#notices.push(notice)
  }

  loseNotices (): void {
    this.#notices = []
  }

  /** The server refuses the statement, and nothing of it is done. */
  refuse (code: string): void {
    const message = this.#message
    if (message === undefined) return
    const error = Object.assign(new Error(`refused with ${code}`), { code })
    this.session?.fail(message.query)
    message.answer = () => { message.reject(error) }
  }

  /** It is gone. A statement that the server has by now is run all the same, unless it is lost, too. */
  cut ({ losesStatement }: { losesStatement: boolean }): void {
    this.#state = 'cut'
    this.isListening = false
    this.#notices = []
    this.hangs = false
    if (losesStatement && this.#message !== undefined) this.#message.isLost = true
  }

  /** The process is gone, and learns nothing any more. */
  abandon (): void {
    this.#state = 'closed'
    if (!this.isAsked) this.#message = undefined
  }

  /** What may happen next. */
  tasks (): Task[] {
    const { life } = this.#pool
    const message = this.#message
    const tasks: Task[] = []
    if (this.#isLeft) tasks.push({ owner: undefined, label: 'the server learns that a connection is gone', run: () => { this.#end() } })
    if (this.hangs) return tasks
    if (this.#state === 'cut') tasks.push({ owner: life, label: 'a client learns that its connection is gone', run: () => { this.#learn() } })
    if (message !== undefined && this.isAsked && this.session?.isWaiting !== true) tasks.push({ owner: undefined, label: 'the server runs a statement', run: () => { this.#execute(message) } })
    if (message?.answer !== undefined && this.#state === 'open') tasks.push({ owner: life, label: 'a client gets an answer', run: () => { this.#answer(message) } })
    if (this.#notices.length > 0) tasks.push({ owner: life, label: 'a client gets a notification', run: () => { this.emit('notification', { payload: this.#notices.shift() }) } })
    return tasks
  }

  /** Whether it is gone, and the server has a transaction of it, and no statement that it can run. */
  get #isLeft (): boolean {
    return this.#state !== 'open' && this.session?.isInTransaction === true && (!this.isAsked || this.hangs || this.session.isWaiting)
  }

  #end (): void {
    this.session?.end()
    if (this.#message !== undefined) this.#message.isLost = true
  }

  /** The server runs the statement, unless it waits. Nobody hears of it if the connection is gone. */
  #execute (message: Message): void {
    const answer = this.#pool.run(this, message.query)
    if (answer === undefined) return
    message.answer = () => {
      if (answer instanceof Error) message.reject(answer)
      else message.resolve({ rows: answer })
    }
    if (this.#state === 'closed') this.#message = undefined
  }

  #answer (message: Message): void {
    this.#message = undefined
    message.answer?.()
  }

  #learn (): void {
    this.#close()
    if (this.#pool.life.isOver) return // it was opened when its process had closed, and nobody has it
    if (this.#pool.isIdle(this)) this.#pool.lost(this)
    else this.emit('error', cutError())
  }

  /** What the server has of it goes on. */
  #close (): void {
    this.#state = 'closed'
    this.#message?.reject(cutError())
    if (!this.isAsked) this.#message = undefined
  }
}
