/** With fewer events than this in the last transaction, the next one begins at once. */
const FEW = 8
/** With this many waiting, too. */
const MANY = 128
/** Otherwise it waits so long for more, in milliseconds. */
const MOMENT = 1

interface Parts {
  /** What comes before: it may bring more to write. */
  readonly prepare: () => void
  /** How many events wait to be stored. */
  readonly waiting: () => number
  /** Returns how many it takes along. */
  readonly begin: () => number
}

/**
 * When a transaction begins: once everything has had its turn that came in together, and under load a moment later. To sync a
 * transaction costs as much as dozens of its events, and those who wait for the one before would all miss the next.
 */
export class Pace {
  readonly #parts: Parts
  #turn: NodeJS.Immediate | undefined
  #moment: NodeJS.Timeout | undefined
  #last = 0

  constructor (parts: Parts) {
    this.#parts = parts
  }

  soon (): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined
      this.#parts.prepare()
      if (this.#last < FEW || this.#parts.waiting() >= MANY) this.#begin()
      else this.#moment ??= setTimeout(() => { this.#begin() }, MOMENT)
    })
  }

  stop (): void {
    clearImmediate(this.#turn)
    clearTimeout(this.#moment)
  }

  #begin (): void {
    clearTimeout(this.#moment)
    this.#moment = undefined
    this.#last = this.#parts.begin()
  }
}
