// Only PostgreSQL: several processes deliver, and tell each other what is new. SQLite's owner knows it.
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { errorOf, ignore } from '../../errors/error-of.ts'
import { Alarm } from '../sql/alarm.ts'
import type { Database } from './database.ts'
import { quoted } from './identifiers.ts'
import type { PostgresClient } from './pool.ts'
import { query } from './query.ts'

/** Between two notifications, in milliseconds: to commit one, the server lets nobody else notify. */
const NOTIFY_EVERY = 10
/** Looks for what no notification told of, in milliseconds. */
const POLL_EVERY = 1_000
/** Before listening is tried again, in milliseconds. */
const LISTEN_AGAIN_AFTER = 2_000
/** With fewer connections, one that does nothing but listen would be missing elsewhere. */
const FEWEST_CONNECTIONS = 3

/** Numbers have 16 digits at most, and a notification has less than 8 000 bytes. */
const MOST_NUMBERS = 400

/**
 * With the channel and a list of notices. It is a transaction of its own, which waits neither for the disk nor for a standby: the server
 * waits only if something else was written, too.
 */
export const NOTIFY = 'SELECT pg_catalog.pg_notify($1, notice) FROM pg_catalog.unnest($2::pg_catalog.text[]) AS notice'

interface Parts {
  readonly database: Database
  /** Its name is the channel's, too. */
  readonly schema: string
  /** How many connections there can be. */
  readonly connections: number
  /** Something may be due. */
  readonly wake: () => void
  /** Another process has removed these events. */
  readonly onRemoved: (seqs: ReadonlySet<number>) => void
}

/** How processes learn that there is something to deliver: at once from each other, and from the clock if that fails. */
export class Notifications {
  readonly #parts: Parts
  readonly #self = randomUUID()
  readonly #alarm: Alarm
  #poll: NodeJS.Timeout | undefined
  #listener: PostgresClient | undefined
  #listening: Promise<void> | undefined
  #listenAgain: NodeJS.Timeout | undefined
  #isNews = false
  /** Events that are gone, which the others are to be told. */
  #removed: number[] = []
  #telling: Promise<void> | undefined
  #closed = false

  constructor (parts: Parts) {
    this.#parts = parts
    this.#alarm = new Alarm(parts.wake)
  }

  /** From the first claim on. Who only receives has nothing to wait for. */
  start (): void {
    if (this.#poll !== undefined || this.#closed) return
    this.#poll = setInterval(this.#parts.wake, POLL_EVERY)
    if (this.#parts.connections >= FEWEST_CONNECTIONS) this.#listening = this.#listen()
  }

  /** Wakes in so many milliseconds: at once if that is none, or is over already. */
  setAlarm (delay: number): void {
    if (!this.#closed) {
      this.#alarm.set(Date.now() + delay)
      if (this.#alarm.isDue) this.#parts.wake()
    }
  }

  /** Tells other processes, now or in a moment. */
  notify (removed: Iterable<number> = []): void {
    if (this.#closed) return // what was changed only just now: others find it out themselves
    this.#removed.push(...removed)
    this.#isNews = true
    this.#telling ??= this.#tell()
  }

  async close (): Promise<void> {
    this.#closed = true
    clearInterval(this.#poll)
    clearTimeout(this.#listenAgain)
    this.#alarm.clear()
    await Promise.all([this.#listening, this.#telling])
    this.#forget(true)
  }

  /** One after the other. Whoever does not hear of it polls. */
  async #tell (): Promise<void> {
    const { database, schema } = this.#parts
    while (this.#isNews) {
      this.#isNews = false
      const removed = this.#removed.splice(0)
      await database.run(NOTIFY, [schema, noticesOf(this.#self, removed)]).catch(ignore)
      await wait(NOTIFY_EVERY)
    }
    this.#telling = undefined
  }

  async #listen (): Promise<void> {
    const { database, schema } = this.#parts
    try {
      const client = this.#listener = await database.connect()
      client.on('error', (error) => { this.#forget(error) })
      client.on('notification', ({ payload }) => { this.#hear(String(payload)) })
      await query(client, `LISTEN ${quoted(schema)}`)
    } catch (error) {
      this.#forget(errorOf(error))
      this.#later()
    }
  }

  #hear (notice: string): void {
    const { sender, removed } = readNotice(notice)
    if (sender === this.#self) return
    this.#parts.onRemoved(removed)
    this.#parts.wake()
  }

  #forget (error: Error | true): void {
    const listener = this.#listener
    if (listener === undefined) return
    this.#listener = undefined
    this.#parts.database.release(listener, error)
    this.#later()
  }

  #later (): void {
    if (this.#closed) return
    clearTimeout(this.#listenAgain)
    this.#listenAgain = setTimeout(() => { this.#listening = this.#listen() }, LISTEN_AGAIN_AFTER)
  }
}

/** What others are told: who says so, and the numbers of the events that are gone, if any are. */
export function noticesOf (sender: string, removed: readonly number[]): string[] {
  const count = Math.max(1, Math.ceil(removed.length / MOST_NUMBERS))
  return Array.from({ length: count }, (_, i) => [sender, ...removed.slice(i * MOST_NUMBERS, (i + 1) * MOST_NUMBERS)].join(' '))
}

function readNotice (notice: string): { sender: string | undefined, removed: ReadonlySet<number> } {
  const [sender, ...removed] = notice.split(' ')
  return { sender, removed: new Set(removed.map(Number)) }
}
