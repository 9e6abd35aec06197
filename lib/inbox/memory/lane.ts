import type { Claim } from '../inbox.ts'
import { Queue } from '../queue.ts'
import type { Queued } from '../queue.ts'
import type { Entry } from './entry.ts'

/** The pending events of one lane of a memory inbox, and the claim of the first of them. */
export class Lane implements Claim, Queued<Lane> {
  readonly lane: string
  readonly events: [Entry]
  next: Lane | undefined = undefined
  /** Those that wait for the first one: most lanes never have any. */
  #behind: Queue<Entry> | undefined

  constructor (first: Entry) {
    this.lane = first.lane
    this.events = [first]
  }

  push (entry: Entry): void {
    this.#behind ??= new Queue()
    this.#behind.push(entry)
  }

  /** Goes on to the next event, if there is one. */
  advance (): boolean {
    const next = this.#behind?.shift()
    if (next !== undefined) this.events[0] = next
    return next !== undefined
  }
}
