import type { Inbox } from '../../../lib/inbox/inbox.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import type { Reply, Request } from '../../../lib/inbox/sqlite/messages.ts'
import type { Task } from '../clock.ts'
import type { Fault, InboxKind, Row, SimulatedStore } from '../kind.ts'
import { Life } from '../life.ts'
import type { World } from '../world.ts'
import type { Engine } from './engine.ts'
import { ModelStore } from './model-store.ts'
import { SimulatedThread } from './thread.ts'
import { PATH, simulateThreads } from './threads.ts'
import type { SimulatedPort, SimulatedWorker } from './threads.ts'

/** Longer than any schedule takes. */
const KEEP = 1_000_000_000
/** How long a start waits for a file that somebody else has. */
const WAIT = 300

/** One file, and the threads of all processes that have had it. */
class SqliteStore implements SimulatedStore {
  readonly #world: World
  readonly #engine: Engine
  #threads: SimulatedThread[] = []
  /** The thread that has the file. */
  #owner: SimulatedThread | undefined
  /**
   * The process that has it, also until its thread has started again: in truth a process that waits for the file may get it meanwhile, and then
   * both deliver the same events.
   */
  #holder: Life | undefined
  /** Another program has it. */
  #isLocked = false
  #isFull = false
  /** Transactions that fail. */
  #failing = 0

  constructor (world: World, engine: Engine) {
    this.#world = world
    this.#engine = engine
  }

  inbox (): Inbox {
    return sqliteInbox({ path: PATH, keep: KEEP, keepFailed: KEEP, wait: WAIT })
  }

  start (worker: SimulatedWorker, port: SimulatedPort): void {
    const { owner } = this.#world.clock
    if (!(owner instanceof Life)) throw new Error('a thread is started, and no process does so')
    const thread: SimulatedThread = new SimulatedThread({
      life: owner,
      worker,
      port,
      answer: (request) => this.#answer(thread, request),
      onEnd: (isClosed) => { this.#ended(thread, isClosed) }
    })
    this.#threads.push(thread)
  }

  tasks (): readonly Task[] {
    return this.#threads.flatMap((thread) => thread.tasks())
  }

  faults (): readonly Fault[] {
    const owner = this.#owner
    return [
      ...owner === undefined ? [] : [{ name: 'the thread ends', begin: () => { owner.end('planned') } }],
      ...owner?.hasRequest === true ? [{ name: 'the thread ends after its commit', begin: () => { owner.end('planned', { answered: true }) } }] : [],
      { name: 'a transaction fails', begin: () => { this.#failing++ } },
      { name: this.#isFull ? 'the disk has room again' : 'the disk is full', begin: () => { this.#isFull = !this.#isFull } },
      { name: this.#isLocked ? 'the file is free again' : 'another program has the file', begin: () => { this.#isLocked = !this.#isLocked && owner === undefined } }
    ]
  }

  heal (): void {
    this.#isLocked = false
    this.#isFull = false
    this.#failing = 0
  }

  /** Its threads end with it. What they were asked last, they have done or not. */
  crash (life: Life): void {
    const owner = this.#owner
    if (owner?.life === life) {
      if (owner.hasRequest && this.#world.tape.choose(2) === 1) owner.end('planned', { answered: true })
      else owner.end('planned')
    }
    this.#threads = this.#threads.filter((thread) => thread.life !== life)
  }

  rows (): readonly Row[] {
    return this.#engine.rows()
  }

  end (): void {
    this.#engine.end?.()
  }

  closed (): void {
    const life = this.#world.clock.owner
    const thread = this.#threads.find((thread) => thread.isRunning && thread.life === life)
    if (thread !== undefined) this.#world.violate('closing-ends', 'the file is closed while its thread still runs, which gives up the locks of both')
  }

  #answer (thread: SimulatedThread, request: Request): Reply {
    const reply = this.#reply(thread, request)
    this.#world.say(() => `    the thread of process ${thread.life.number} has answered ${request.kind}: ${reply.kind}`)
    return reply
  }

  #reply (thread: SimulatedThread, request: Request): Reply {
    if (request.kind === 'open') {
      if (this.#isLocked || this.#owner !== undefined || (this.#holder?.isAlive === true && this.#holder !== thread.life)) return failed('it is locked', true)
      if (this.#isFull) return failed('the disk is full')
      this.#owner = thread
      this.#holder = thread.life
      return { kind: 'opened', file: 'simulated', openToOthers: [], ...this.#engine.open(request) }
    }
    if (this.#owner !== thread) return failed('the store is not open')
    if (request.kind === 'tidy') return { kind: 'tidied', isEmpty: true }
    if (request.kind === 'find') return failed('it is not simulated')
    if (this.#isFull || this.#failing > 0) {
      this.#failing = Math.max(0, this.#failing - 1)
      return failed('the disk is full')
    }
    return this.#engine.run(request)
  }

  #ended (thread: SimulatedThread, isClosed: boolean): void {
    if (this.#owner !== thread) return
    this.#owner = undefined
    if (isClosed && !this.#isFull) this.#engine.close()
    else this.#engine.crash()
    if (!isClosed) return
    this.#holder = undefined
    this.#world.ledger.left(thread.life)
  }
}

function failed (message: string, locked = false): Reply {
  return { kind: 'failed', message, locked }
}

let current: SqliteStore | undefined

/** The client of the SQLite inbox is the real one. Its threads are simulated, and so is the file, unless it is told otherwise. */
export function sqliteWith (createEngine: () => Engine): InboxKind {
  return {
    name: 'sqlite',
    durable: true,
    processes: 2,
    install: () => simulateThreads(() => {
      if (current === undefined) throw new Error('no schedule runs')
      return current
    }),
    open: (world) => {
      current = new SqliteStore(world, createEngine())
      return current
    }
  }
}

/** The same with collectors beside listeners. */
export function collecting (kind: InboxKind): InboxKind {
  return { ...kind, name: `${kind.name}-collect`, collects: true, weights: { 'run what is due': 60, 'wait for the next timer': 12 }, longest: 500 }
}

export const sqlite = sqliteWith(() => new ModelStore())
export const sqliteCollect = collecting(sqlite)
