import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Awaitable, Inbox, InboxHost } from '../inbox.ts'
import { turns } from './steps.ts'

/** What a driver's author gives. */
export interface Driver {
  /** Makes an inbox, not open yet, on the store of this name. A new name is an empty store, the same name again is the same store. */
  readonly create: (store: string) => Awaitable<Inbox>
  /** What the inbox has to say of itself. */
  readonly durable: boolean
  /** Leaves of a store what a process leaves that is killed, and returns the name of the store to go on with. */
  readonly kill?: ((store: string) => Awaitable<string>) | undefined
}

export interface Opened {
  readonly inbox: Inbox
  readonly store: string
  /** How often it has said that a lane may be due. */
  woken: number
}

/** By what no two runs have the same stores, if stores outlive a run. */
const RUN = randomBytes(4).toString('hex')
let count = 0

const nothing = (): void => {}
const log: InboxHost['log'] = {
  level: 'silent', fatal: nothing, error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing, silent: nothing, child: () => log
}

/** Opens inboxes for a case, and closes them at its end. */
export class Fixture {
  readonly #driver: Driver
  readonly #inboxes: Inbox[] = []
  #isOver = false

  constructor (driver: Driver) {
    this.#driver = driver
  }

  /** An inbox on a store of its own, or on one that is there. */
  async open ({ maxBacklog = 1_000, store = `inbox_${RUN}_${++count}` } = {}): Promise<Opened> {
    const { create, durable } = this.#driver
    const inbox = await create(store)
    this.#inboxes.push(inbox)
    assert.equal(inbox.durable, durable)
    const opened = { inbox, store, woken: 0 }
    await inbox.open({ log, maxBacklog, wake: () => { opened.woken++ } })
    return opened
  }

  /** After a restart: closes the inbox, and opens another one on its store. */
  async reopen ({ inbox, store }: Opened): Promise<Opened> {
    await inbox.close()
    return await this.open({ store })
  }

  /** After a crash: the inbox is not closed, and another one is opened on what is left. */
  async kill ({ store }: Opened): Promise<Opened> {
    const { kill } = this.#driver
    assert.ok(kill)
    return await this.open({ store: await kill(store) })
  }

  /** Waits for as long as the case may take. */
  async until<T> (ask: () => Awaitable<T | undefined | false>): Promise<T> {
    for (;;) {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      if (this.#isOver) throw new Error('The case is over')
      await turns()
    }
  }

  async end (): Promise<void> {
    this.#isOver = true
    for (const inbox of this.#inboxes) await inbox.close()
  }
}

/** What a driver has to do, by the name of what is promised. */
export type Cases = Readonly<Record<string, (fixture: Fixture) => Promise<void>>>
