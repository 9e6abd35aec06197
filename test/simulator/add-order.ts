import type { NewEvent } from '../../lib/inbox/inbox.ts'
import type { Row } from './kind.ts'
import type { World } from './world.ts'

/** In which order events were added, to be compared with that in which the store has them. */
export class AddOrder {
  readonly #world: World
  /** The calls of `add` that may have stored an event: one that failed, or whose process has ended, may have done so all the same. */
  readonly #calls = new Map<string, Set<number>>()
  /** Events that may have another place, because somebody has replayed or removed them. */
  readonly #moved = new Set<string>()
  #last = 0

  constructor (world: World) {
    this.#world = world
  }

  /** To be called before an event is added. What is returned is to be told what became of it. */
  adding ({ id }: NewEvent): (status: 'accepted' | 'duplicate') => void {
    const call = ++this.#last
    this.#calls.set(id, this.#callsOf(id).add(call))
    return (status) => {
      if (status === 'duplicate') this.#callsOf(id).delete(call)
      else this.#calls.set(id, new Set([...this.#callsOf(id)].filter((other) => other >= call)))
    }
  }

  move (id: string): void {
    this.#moved.add(id)
  }

  clear (): void {
    this.#calls.clear()
  }

  judge (rows: readonly Row[]): void {
    if (!this.#world.kind.durable) return // what failed there is forgotten, and has no place
    const still = rows.filter(({ id }) => !this.#moved.has(id) && this.#callsOf(id).size > 0)
    for (const later of still) {
      for (const earlier of still) {
        const isSure = Math.max(...this.#callsOf(earlier.id)) < Math.min(...this.#callsOf(later.id))
        if (earlier.lane !== later.lane || earlier.seq < later.seq || !isSure) continue
        this.#world.violate('order', `${this.#world.nameOf(earlier.id)} was added before ${this.#world.nameOf(later.id)}, and is stored behind it`)
      }
    }
  }

  #callsOf (id: string): Set<number> {
    return this.#calls.get(id) ?? new Set()
  }
}
