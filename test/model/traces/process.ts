import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import pg from 'pg'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import type { PostgresClient, PostgresPool } from '../../../lib/inbox/postgres/inbox.ts'
import type { Claim, Inbox, Outcome } from '../../../lib/inbox/inbox.ts'

/** Milliseconds, of a clock that only the recorder moves. It is much longer than a trace takes. */
export const LEASE = 600_000

/** A claim as the model knows it, and what the process has done with it. */
export interface Held {
  readonly number: number
  readonly claim: Claim
  readonly outcomes: Outcome[]
  /** Whether a listener is at work on the event after the last outcome. */
  open: boolean
  /** Whether its lease had not expired when this was last asked. */
  wasHeld: boolean
}

/** A pool that loses an answer, keeps leases from being renewed, or does nothing any more. */
class FaultyPool extends pg.Pool implements PostgresPool {
  readonly #wrapped = new WeakSet<object>()
  /** Connections asked for and statements under way. */
  #underWay = 0
  losesTurn = false
  isStalled = false
  #isDead = false

  readonly #sockets: Set<Socket>

  constructor (connectionString: string) {
    const sockets = new Set<Socket>()
    const stream = () => {
      const socket = new Socket()
      sockets.add(socket)
      return socket
    }
    super({ connectionString, max: 4, stream })
    this.#sockets = sockets
    this.on('error', () => {})
  }

  // @ts-expect-error the inbox calls it without a callback
  override async connect (): Promise<PostgresClient> {
    if (this.#isDead) return await new Promise(() => {})
    const client: PostgresClient = await this.#counted(async () => await super.connect() as unknown as PostgresClient) // one of its many signatures
    if (this.#wrapped.has(client)) return client
    this.#wrapped.add(client)
    const query = client.query.bind(client)
    return Object.assign(client, {
      query: async (asked: Parameters<typeof query>[0]) => await this.#counted(async () => {
        if (this.#isDead) return await new Promise<never>(() => {})
        if (this.isStalled && asked.text.includes('renew(')) throw new Error('the process stands still')
        const result = await query(asked)
        if (!this.losesTurn || !asked.text.includes('turn(')) return result
        this.losesTurn = false
        throw new Error('Connection terminated unexpectedly')
      })
    })
  }

  async #counted<T> (work: () => Promise<T>): Promise<T> {
    this.#underWay++
    try {
      return await work()
    } finally {
      this.#underWay--
    }
  }

  get isIdle (): boolean {
    return this.#isDead || this.#underWay === 0
  }

  die (): void {
    this.#isDead = true
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** A process that shares the inbox, as it were. */
export class TracedProcess {
  readonly number: number
  readonly pool: FaultyPool
  readonly inbox: Inbox
  readonly claims = new Set<Held>()
  isAlive = true

  constructor (number: number, connectionString: string, schema: string) {
    this.number = number
    this.pool = new FaultyPool(connectionString)
    this.inbox = postgresInbox({ pool: this.pool, schema, lease: LEASE })
  }

  /** On a busy machine, it may take longer than an inbox waits for its first connection. */
  async open (triesLeft = 5): Promise<void> {
    try {
      await this.inbox.open({ log: Fastify().log, maxBacklog: 1_000, wake: () => {} })
    } catch (error) {
      if (triesLeft === 0) throw error
      await this.open(triesLeft - 1)
    }
  }

  /** Nothing if the answer is lost. */
  async claim (most: number): Promise<readonly Claim[]> {
    try {
      return await this.inbox.claim(most)
    } catch {
      return []
    }
  }

  /** What was settled is recorded. */
  async flush (): Promise<void> {
    await this.inbox.stats()
  }

  async close (): Promise<void> {
    this.isAlive = false
    await this.inbox.close()
    await this.pool.end()
  }

  /** It is forgotten without being closed. */
  crash (): void {
    this.isAlive = false
    this.claims.clear()
    this.pool.die()
  }
}

/** Resolves when none of them has a statement under way. */
export async function idle (processes: readonly TracedProcess[]): Promise<void> {
  for (let turns = 0; turns < 3; turns = processes.every(({ pool }) => pool.isIdle) ? turns + 1 : 0) await setImmediate()
}
