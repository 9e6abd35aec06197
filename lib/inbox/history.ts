import type { NewEvent, StoredEvent } from './inbox.ts'

/** An event that is over. */
interface Finished {
  readonly event: StoredEvent
  readonly problems: NewEvent['problems']
}

/** The last few finished events of a memory inbox, to be looked at and replayed. */
export class History {
  readonly #ring: Array<Finished | undefined>
  #next = 0

  constructor (size: number) {
    this.#ring = new Array<Finished | undefined>(size).fill(undefined)
  }

  add (event: StoredEvent, problems: NewEvent['problems']): void {
    this.#ring[this.#next] = { event, problems }
    this.#next = (this.#next + 1) % this.#ring.length
  }

  get (id: string): StoredEvent | undefined {
    return this.#find(id)?.event
  }

  take (id: string): Finished | undefined {
    const finished = this.#find(id)
    if (finished !== undefined) this.#ring[this.#ring.indexOf(finished)] = undefined
    return finished
  }

  all (): StoredEvent[] {
    return this.#all().map(({ event }) => event)
  }

  /** An event that failed and was posted again is here more than once: the last one counts. */
  #find (id: string): Finished | undefined {
    return this.#all().filter(({ event }) => event.id === id).sort((a, b) => b.event.seq - a.event.seq)[0]
  }

  #all (): Finished[] {
    return this.#ring.filter((finished) => finished !== undefined)
  }
}
