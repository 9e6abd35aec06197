import type { NewEvent, StoredEvent } from '../inbox.ts'

/** An event that is over. */
interface Finished {
  readonly event: StoredEvent
  readonly problems: NewEvent['problems']
  /** The listeners that need not be called again. */
  readonly completed: readonly string[]
}

/** The last few finished events of a memory inbox, to be looked at and replayed. */
export class History {
  readonly #most: number
  /** By id: the oldest first, as a Map keeps them. */
  readonly #events = new Map<string, Finished>()

  constructor (most: number) {
    this.#most = most
  }

  add (finished: Finished): void {
    this.#events.set(finished.event.id, finished)
    for (const oldest of this.#events.keys()) {
      if (this.#events.size <= this.#most) break
      this.#events.delete(oldest)
    }
  }

  get (id: string): StoredEvent | undefined {
    return this.#events.get(id)?.event
  }

  /** Whoever has it delivered again has it from here on. */
  remove (id: string): Finished | undefined {
    const finished = this.#events.get(id)
    this.#events.delete(id)
    return finished
  }

  all (): StoredEvent[] {
    return Array.from(this.#events.values(), ({ event }) => event)
  }
}
