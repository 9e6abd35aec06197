import type { StoredEvent } from './inbox.ts'

/** The last few finished events of a memory inbox, to be looked at and replayed. */
export class History {
  readonly #ring: Array<StoredEvent | undefined>
  #next = 0

  constructor (size: number) {
    this.#ring = new Array<StoredEvent | undefined>(size).fill(undefined)
  }

  add (event: StoredEvent): void {
    this.#ring[this.#next] = event
    this.#next = (this.#next + 1) % this.#ring.length
  }

  /** An event that failed and was posted again is here more than once: the last one counts. */
  get (id: string): StoredEvent | undefined {
    return this.all().filter((event) => event.id === id).sort((a, b) => b.seq - a.seq)[0]
  }

  take (id: string): StoredEvent | undefined {
    const event = this.get(id)
    if (event !== undefined) this.#ring[this.#ring.indexOf(event)] = undefined
    return event
  }

  all (): StoredEvent[] {
    return this.#ring.filter((event) => event !== undefined)
  }
}
