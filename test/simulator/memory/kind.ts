import type { Inbox } from '../../../lib/inbox/inbox.ts'
import { memoryInbox } from '../../../lib/inbox/memory/inbox.ts'
import type { StoredEvent } from '../../../lib/inbox/stored-event.ts'
import type { InboxKind, Row, SimulatedStore } from '../kind.ts'

/** Longer than any schedule takes, also if the clock is set again and again. */
const KEEP = 1_000_000_000

/** There is nothing behind it, and it ends with its process. */
class MemoryStore implements SimulatedStore {
  #inbox: Inbox | undefined

  inbox (): Inbox {
    this.#inbox = memoryInbox({ keep: KEEP, history: 1_000 })
    return this.#inbox
  }

  tasks (): readonly never[] {
    return []
  }

  faults (): readonly never[] {
    return []
  }

  heal (): void {
    // Nothing is ever broken.
  }

  crash (): void {
    this.#inbox = undefined
  }

  rows (): Row[] {
    return (this.#inbox?.list({ limit: 1_000 }) ?? []) as StoredEvent[] // it answers at once
  }
}

export const memory: InboxKind = { name: 'memory', durable: false, processes: 1, open: () => new MemoryStore() }
