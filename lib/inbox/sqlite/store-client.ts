// Only SQLite: its thread can end, and another process can have the file. With PostgreSQL, postgres/database.ts runs statements again.
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorOf } from '../../errors/error-of.ts'
import { ClosingError, InboxLockedError, InboxUnusableError } from '../../errors/errors.ts'
import { withoutPasswords } from '../../errors/url-passwords.ts'
import type { InboxHost } from '../inbox.ts'
import type { Done, Opened, Opening, Work } from './messages.ts'
import { StoreError, Thread } from './thread.ts'

/** Before a thread that has ended is started again, in milliseconds. */
const RESTART_AFTER = 1_000

/** Before a file that somebody else has is asked for again, in milliseconds. */
const TRY_EVERY = 50

interface Parts {
  readonly opening: Pick<Opening, 'path' | 'keep' | 'keepFailed'>
  /** How long somebody else may have the file before it is given up, in milliseconds. */
  readonly wait: number
  readonly host: Pick<InboxHost, 'log' | 'maxBacklog'>
  /** There is a change request: called again and again until it is answered. */
  readonly onChangeRequest: () => void
  /** The store cannot be asked until it has started again. */
  readonly onDown: () => void
  /** The lanes that are under way when it does. */
  readonly held: () => readonly string[]
  readonly onUp: (nextDue: number | null) => void
}

/** The store, in a thread that is started again if it ends. */
export class StoreClient {
  readonly #parts: Parts
  #thread: Thread
  readonly #closing = new AbortController()
  #up = false
  #restart: NodeJS.Timeout | undefined
  /**
   * Which file it is, and a descriptor of it: while that is open, no other file can get its number, and be taken for it. Not to be closed
   * before the thread has ended: that would give up the locks of the whole process.
   */
  #file: { readonly identity: string | undefined, readonly descriptor: number } | undefined

  constructor (parts: Parts) {
    this.#parts = parts
    this.#thread = this.#start()
  }

  get #closed (): boolean {
    return this.#closing.signal.aborted
  }

  get isUp (): boolean {
    return this.#up
  }

  /** Says whether somebody may have ended without closing the file. */
  async open (): Promise<boolean> {
    try {
      return await this.#open([], false)
    } catch (error) {
      const refusal = this.#refusal(error)
      await this.close()
      throw refusal
    }
  }

  async run (work: Work): Promise<Done> {
    return await this.#thread.ask(work, [work.adds.bodies.buffer])
  }

  /** Whether the log is empty then: see `Tidying`. */
  async tidy (rewrite: boolean): Promise<boolean> {
    if (this.#closed) throw new ClosingError()
    const { isEmpty } = await this.#thread.ask({ kind: 'tidy', rewrite })
    return isEmpty
  }

  async close (): Promise<void> {
    this.#closing.abort()
    this.#up = false
    clearTimeout(this.#restart)
    await this.#thread.close()
    if (this.#file !== undefined) closeSync(this.#file.descriptor)
    this.#file = undefined
  }

  async #open (held: readonly string[], again: boolean): Promise<boolean> {
    const { opening, host: { log, maxBacklog }, onUp } = this.#parts
    const { file, nextDue, recovering, openToOthers } = await this.#ask({ kind: 'open', held, again, restarted: again, file: this.#file?.identity, maxBacklog, ...opening })
    if (this.#closed) throw new ClosingError()
    this.#file ??= { identity: file, descriptor: openSync(opening.path, 'r') }
    if (!again && openToOthers.length > 0) log.warn(`others may open files that hold customers' messages: chmod 600 ${openToOthers.join(' ')}`)
    this.#up = true
    onUp(nextDue)
    return recovering
  }

  /** Again and again while somebody else has the file: another process may be about to end. */
  async #ask (opening: Opening): Promise<Opened> {
    const { wait, host: { log } } = this.#parts
    let end: number | undefined
    for (;;) {
      try {
        return await this.#thread.ask(opening)
      } catch (error) {
        if (!(error instanceof StoreError && error.locked)) throw error
        const now = performance.now()
        if (now >= (end ?? now + wait)) throw error
        if (end === undefined) log.info({ wait }, `waiting until the file of the inbox is free: ${withoutPasswords(opening.path)}`)
        end ??= now + wait // not from the start of the thread, which may take as long
        await sleep(Math.min(end - now, TRY_EVERY), undefined, { signal: this.#closing.signal })
      }
    }
  }

  #start (): Thread {
    return new Thread({
      onPurgeFailed: (message) => { this.#parts.host.log.warn({ err: new Error(message) }, 'old events could not be removed: it is tried again') },
      onChangeRequest: () => { this.#parts.onChangeRequest() },
      onEnd: (error) => { this.#end(error) }
    })
  }

  #end (err: Error): void {
    const { host: { log }, onDown } = this.#parts
    if (!this.#up) return // who opens it learns of it
    this.#up = false
    log.error({ err }, 'the thread that stores events has ended: it is started again')
    onDown()
    this.#startLater()
  }

  #startLater (): void {
    this.#restart = setTimeout(() => { void this.#startAgain() }, RESTART_AFTER)
  }

  async #startAgain (): Promise<void> {
    const thread = this.#thread = this.#start()
    try {
      await this.#open(this.#parts.held(), true)
    } catch (err) {
      await thread.close()
      if (this.#closed) return
      this.#parts.host.log.error({ err: this.#refusal(err) }, 'the thread that stores events could not be started: it is tried again')
      this.#startLater()
    }
  }

  #refusal (error: unknown): Error {
    const { opening: { path }, wait } = this.#parts
    const shown = withoutPasswords(path)
    return error instanceof StoreError && error.locked ? new InboxLockedError(shown, wait) : new InboxUnusableError(shown, errorOf(error).message)
  }
}
