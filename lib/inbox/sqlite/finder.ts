// Only SQLite: PostgreSQL's server finds events on a connection.
import { ClosingError } from '../../errors/errors.ts'
import type { FindOptions } from '../inbox.ts'
import type { FoundRows } from '../sql/rows.ts'
import { unavailable } from '../unavailable.ts'
import { Thread } from './thread.ts'

/** A thread that nobody asks ends after so many milliseconds: most apps have nobody who looks. */
const KEPT_FOR = 30_000

/**
 * Finds events in a thread that reads beside the store's, so that what comes in waits for neither. It starts with the first question, ends
 * when it is not asked for a while, and one that has ended by an error is started again with the next question.
 */
export class Finder {
  readonly #path: string
  readonly #keptFor: number
  #thread: Thread | undefined
  #unused: NodeJS.Timeout | undefined
  #asked = 0
  #closed = false

  constructor (path: string, keptFor = KEPT_FOR) {
    this.#path = path
    this.#keptFor = keptFor
  }

  async find (options: FindOptions): Promise<FoundRows> {
    if (this.#closed) throw new ClosingError()
    clearTimeout(this.#unused)
    this.#asked++
    return await this.#ask(options).finally(() => { if (--this.#asked === 0) this.#endLater() })
  }

  async #ask (options: FindOptions): Promise<FoundRows> {
    try {
      const { found } = await (this.#thread ??= this.#start()).ask({ kind: 'find', path: this.#path, options })
      return found
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  #endLater (): void {
    if (!this.#closed) this.#unused = setTimeout(() => { void this.#end() }, this.#keptFor).unref()
  }

  async close (): Promise<void> {
    this.#closed = true
    clearTimeout(this.#unused)
    await this.#end()
  }

  async #end (): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.close()
  }

  #start (): Thread {
    // Nothing else comes of a thread that only finds: whatever it says unasked, it is not asked again.
    const leave = () => { this.#thread = undefined }
    return new Thread({ onPurgeFailed: leave, onChangeRequest: leave, onEnd: leave })
  }
}
