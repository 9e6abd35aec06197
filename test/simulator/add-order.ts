import type { NewEvent } from '../../lib/inbox/inbox.ts'
import type { Row } from './kind.ts'
import type { World } from './world.ts'

/** Which calls of `add` may have stored an event: one that failed may have done so all the same. */
interface Calls {
  first: number
  last: number
}

/** In which order events were added, to be compared with that in which the store has them. */
export class AddOrder {
  readonly #world: World
  readonly #calls = new Map<string, Calls>()
  #last = 0

  constructor (world: World) {
    this.#world = world
  }

  begin (): number {
    return ++this.#last
  }

  end ({ id }: NewEvent, call: number, status: 'accepted' | 'duplicate' | undefined): void {
    const calls = this.#calls.get(id)
    if (status === 'accepted') this.#calls.set(id, { first: call, last: call })
    else if (status === undefined) this.#calls.set(id, { first: Math.min(calls?.first ?? call, call), last: Math.max(calls?.last ?? call, call) })
  }

  /** It may have another place from now on. */
  forget (id: string): void {
    this.#calls.delete(id)
  }

  clear (): void {
    this.#calls.clear()
  }

  judge (rows: readonly Row[]): void {
    if (!this.#world.kind.durable) return // what failed there is forgotten, and has no place
    for (const later of rows) {
      for (const earlier of rows) {
        const [a, b] = [this.#calls.get(earlier.id), this.#calls.get(later.id)]
        if (earlier.lane !== later.lane || a === undefined || b === undefined || earlier.seq < later.seq || a.last >= b.first) continue
        this.#world.violate('order', `${this.#world.nameOf(earlier.id)} was added before ${this.#world.nameOf(later.id)}, and is stored behind it`)
      }
    }
  }
}
