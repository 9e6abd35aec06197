import { EventEmitter } from 'node:events'
import type { PostgresPool, PostgresQuery } from '../../../lib/inbox/postgres/pool.ts'
import type { Row } from '../../../lib/inbox/postgres/query.ts'
import type { Task } from '../clock.ts'
import type { Life } from '../life.ts'
import type { AppSession } from './app-session.ts'
import { SimulatedConnection } from './connection.ts'

interface Parts {
  readonly life: Life
  /** Connections at most. */
  readonly max: number
  /** Whether the server takes no connections. */
  readonly isRefused: () => boolean
  /** Whether nothing comes between: most of a schedule would be the start of processes. */
  readonly isQuick: () => boolean
  /** Returns nothing if the statement waits. */
  readonly run: (connection: SimulatedConnection, query: PostgresQuery) => Row[] | Error | undefined
  /** For a connection of an app. */
  readonly newSession?: () => AppSession
}

interface Waiting {
  readonly resolve: (connection: SimulatedConnection) => void
  readonly reject: (error: Error) => void
}

/** The pool of a process. */
export class SimulatedPool extends EventEmitter implements PostgresPool {
  readonly life: Life
  readonly options: { readonly max: number }
  readonly isRefused: Parts['isRefused']
  readonly isQuick: Parts['isQuick']
  readonly run: Parts['run']
  readonly newSession: Parts['newSession']
  readonly #used = new Set<SimulatedConnection>()
  #connections: SimulatedConnection[] = []
  #idle: SimulatedConnection[] = []
  readonly #waiting: Waiting[] = []

  constructor ({ life, max, isRefused, isQuick, run, newSession }: Parts) {
    super()
    this.life = life
    this.options = { max }
    this.isRefused = isRefused
    this.isQuick = isQuick
    this.run = run
    this.newSession = newSession
    this.on('error', () => {}) // the app's own
  }

  get connections (): readonly SimulatedConnection[] {
    return this.#connections
  }

  /** Connections that have not been given back. */
  get used (): number {
    return this.#used.size
  }

  async connect (): Promise<SimulatedConnection> {
    if (this.life.isOver) return await new Promise(() => {})
    const idle = this.#idle.shift()
    if (idle !== undefined) return this.#acquired(idle)
    const promise = new Promise<SimulatedConnection>((resolve, reject) => { this.#waiting.push({ resolve, reject }) })
    if (this.isQuick() && this.#hasRoom) this.#open()
    return await promise
  }

  giveBack (connection: SimulatedConnection, isGood: boolean): void {
    this.#used.delete(connection)
    if (!isGood) return
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(connection)
    else next.resolve(this.#acquired(connection))
  }

  isIdle (connection: SimulatedConnection): boolean {
    return this.#idle.includes(connection)
  }

  /** One that nobody uses is gone. */
  lost (connection: SimulatedConnection): void {
    this.#idle = this.#idle.filter((other) => other !== connection)
    this.emit('error', new Error('Connection terminated unexpectedly'), connection)
  }

  /** What may happen next. Of connections that are gone, that is what the server still has to run. */
  tasks (): Task[] {
    this.#connections = this.#connections.filter((connection) => connection.isOpen || connection.tasks().length > 0)
    const tasks = this.#connections.flatMap((connection) => connection.tasks())
    if (this.#waiting.length > 0 && this.#hasRoom) tasks.push({ owner: this.life, label: 'a client connects', run: () => { this.#open() } })
    return tasks
  }

  get #hasRoom (): boolean {
    return this.#used.size + this.#idle.length < this.options.max
  }

  #open (): void {
    const waiting = this.#waiting.shift()
    if (this.isRefused()) {
      waiting?.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
      return
    }
    const connection = new SimulatedConnection(this)
    this.#connections.push(connection)
    waiting?.resolve(this.#acquired(connection))
  }

  #acquired (connection: SimulatedConnection): SimulatedConnection {
    this.#used.add(connection)
    this.emit('acquire', connection)
    return connection
  }
}
