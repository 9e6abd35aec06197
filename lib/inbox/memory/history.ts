import type { NewEvent, StoredEvent } from '../inbox.ts'

/** An event that is over. */
interface Finished {
  readonly event: StoredEvent
  readonly problems: NewEvent['problems']
  /** The listeners that need not be called again. */
  readonly completed: readonly string[]
}

/** Numbers of events that are looked at together. */
const BLOCK = 500

/** The last few finished events of a memory inbox, to be looked at and replayed. */
export class History {
  readonly #most: number
  /** By id: the oldest first, as a Map keeps them. */
  readonly #events = new Map<string, Finished>()
  /** The same, by number: whoever looks through a hundred thousand must not have all of them put in order for each look. */
  readonly #blocks = new Map<number, Set<Finished>>()

  constructor (most: number) {
    this.#most = most
  }

  add (finished: Finished): void {
    this.#events.set(finished.event.id, finished)
    this.#addToBlock(finished)
    for (const oldest of this.#events.keys()) {
      if (this.#events.size <= this.#most) break
      this.remove(oldest)
    }
  }

  get (id: string): StoredEvent | undefined {
    return this.#events.get(id)?.event
  }

  /** Whoever has it delivered again has it from here on. */
  remove (id: string): Finished | undefined {
    const finished = this.#events.get(id)
    if (finished === undefined) return undefined
    this.#events.delete(id)
    this.#removeFromBlock(finished)
    return finished
  }

  #addToBlock (finished: Finished): void {
    const block = blockOf(finished)
    const events = this.#blocks.get(block)
    if (events === undefined) this.#blocks.set(block, new Set([finished]))
    else events.add(finished)
  }

  #removeFromBlock (finished: Finished): void {
    const block = blockOf(finished)
    const events = this.#blocks.get(block)
    events?.delete(finished)
    if (events?.size === 0) this.#blocks.delete(block)
  }

  /** The newest that fit: all that do from one number on, in no order. */
  newest (fits: (event: StoredEvent) => boolean): { from: number, events: StoredEvent[] } {
    for (const [block, finished] of Array.from(this.#blocks).sort(([a], [b]) => b - a)) {
      const events = Array.from(finished, ({ event }) => event).filter(fits)
      if (events.length > 0) return { from: block * BLOCK, events }
    }
    return { from: 0, events: [] }
  }

  all (): StoredEvent[] {
    return Array.from(this.#events.values(), ({ event }) => event)
  }
}

function blockOf ({ event: { seq } }: Finished): number {
  return Math.floor(seq / BLOCK)
}
