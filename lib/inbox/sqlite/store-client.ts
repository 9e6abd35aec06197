import { closeSync, openSync } from 'node:fs'
import type { FastifyBaseLogger } from 'fastify'
import { ClosingError, InboxLockedError, InboxUnusableError } from '../../errors/errors.ts'
import { withoutPasswords } from '../../options/url-passwords.ts'
import type { Done, Opening, Work } from './messages.ts'
import { Thread } from './thread.ts'
import type { StoreError } from './thread.ts'

/** Before a thread that has ended is started again, in milliseconds. */
const RESTART_AFTER = 1_000

interface Parts {
  readonly opening: Omit<Opening, 'kind' | 'held' | 'again' | 'restarted' | 'file'>
  readonly log: FastifyBaseLogger
  /** Another process has an order: it is told again and again until it is answered. */
  readonly onAsked: () => void
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
  #up = false
  #closed = false
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

  get isUp (): boolean {
    return this.#up
  }

  /** Says whether somebody may have ended without closing the file. */
  async open (): Promise<boolean> {
    try {
      return await this.#open([], false)
    } catch (error) {
      await this.close()
      throw this.#refusal(error)
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
    this.#closed = true
    this.#up = false
    clearTimeout(this.#restart)
    await this.#thread.close()
    if (this.#file !== undefined) closeSync(this.#file.descriptor)
    this.#file = undefined
  }

  async #open (held: readonly string[], again: boolean): Promise<boolean> {
    const { opening, log, onUp } = this.#parts
    const { file, nextDue, recovering, openToOthers } = await this.#thread.ask({ kind: 'open', held, again, restarted: again, file: this.#file?.identity, ...opening })
    if (this.#closed) return recovering
    this.#file ??= { identity: file, descriptor: openSync(opening.path, 'r') }
    if (!again && openToOthers.length > 0) log.warn(`others may open files that hold customers' messages: chmod 600 ${openToOthers.join(' ')}`)
    this.#up = true
    onUp(nextDue)
    return recovering
  }

  #start (): Thread {
    return new Thread({
      onPurgeFailed: (message) => { this.#parts.log.warn({ err: new Error(message) }, 'old events could not be removed: it is tried again') },
      onAsked: () => { this.#parts.onAsked() },
      onEnd: (error) => { this.#end(error) }
    })
  }

  #end (err: Error): void {
    const { log, onDown } = this.#parts
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
      this.#parts.log.error({ err: this.#refusal(err) }, 'the thread that stores events could not be started: it is tried again')
      this.#startLater()
    }
  }

  #refusal (error: unknown): Error {
    const { message, locked } = error as StoreError // nothing else comes from a thread
    const { path } = this.#parts.opening
    const shown = withoutPasswords(path)
    return locked ? new InboxLockedError(shown) : new InboxUnusableError(shown, message)
  }
}
