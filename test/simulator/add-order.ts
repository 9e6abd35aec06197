import type { NewEvent } from '../../lib/inbox/inbox.ts'
import type { Row } from './kind.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

/** A call of `add`. Calls and their ends are counted together. */
interface Call {
  readonly number: number
  readonly life: Life
  /** Undefined if it has not ended, or has failed: it may store the event at any time. */
  ended: number | undefined
  hasFailed: boolean
}

/** In which order events were added, to be compared with that in which the store has them. */
export class AddOrder {
  readonly #world: World
  /** The calls of `add` that may have stored an event: one that failed, or whose process has ended, may have done so all the same. */
  readonly #calls = new Map<string, readonly Call[]>()
  /** Events that may have another place, because somebody has replayed or removed them. */
  readonly #moved = new Set<string>()
  /**
   * Events that were given up. Such a one gives way to a new one, and a statement that is run again, or late, may have that with it, too: then
   * the event comes last. The store may learn of its end later than its process does.
   */
  readonly #dead = new Set<string>()
  #last = 0

  constructor (world: World) {
    this.#world = world
  }

  /** To be called before an event is added. What is returned is to be told what became of it. */
  adding ({ id }: NewEvent, life: Life): (status: 'accepted' | 'duplicate' | 'failed') => void {
    const call: Call = { number: ++this.#last, life, ended: undefined, hasFailed: false }
    this.#calls.set(id, [...this.#callsOf(id), call])
    return (status) => {
      call.hasFailed = status === 'failed'
      if (status !== 'failed') call.ended = ++this.#last
      // Where a statement is run again, it may be a repeat of its own first attempt.
      if (status === 'duplicate' && !this.#world.wasFaulty) this.#calls.set(id, this.#callsOf(id).filter((other) => other !== call))
      else if (status === 'accepted') this.#calls.set(id, this.#callsOf(id).filter((other) => other.number >= call.number || mayStoreAfter(other, call)))
    }
  }

  died (id: string): void {
    this.#dead.add(id)
  }

  move (id: string): void {
    this.#moved.add(id)
  }

  clear (): void {
    this.#calls.clear()
  }

  judge (rows: readonly Row[]): void {
    if (!this.#world.kind.durable) return // what failed there is forgotten, and has no place
    // One that is kept as invalid is not delivered. With a full backlog, a statement that is run again may store what is before it only then.
    const still = rows.filter(({ id, state }) => state !== 'invalid' && !this.#moved.has(id) && this.#callsOf(id).length > 0)
    for (const later of still) {
      for (const earlier of still) {
        if (earlier.lane !== later.lane || earlier.seq < later.seq || !this.#isBefore(earlier, later)) continue
        this.#world.violate('order', `${this.#world.nameOf(earlier.id)} was added before ${this.#world.nameOf(later.id)}, and is stored behind it`)
      }
    }
  }

  #isBefore (earlier: Row, later: Row): boolean {
    if (this.#world.wasFaulty && this.#dead.has(earlier.id)) return false
    return this.#callsOf(earlier.id).every((one) => this.#callsOf(later.id).every((other) => isBefore(one, other)))
  }

  #callsOf (id: string): readonly Call[] {
    return this.#calls.get(id) ?? []
  }
}

/** Side by side with another process, what is accepted may be dead before this call comes to it: then it is accepted once more. */
function mayStoreAfter (one: Call, other: Call): boolean {
  return !one.hasFailed && (one.ended ?? Infinity) > other.number
}

/** What one process is told to add is added in that order. */
function isBefore (one: Call, other: Call): boolean {
  return one.life === other.life ? one.number < other.number && !one.hasFailed : (one.ended ?? Infinity) < other.number
}
