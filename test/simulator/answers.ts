import type { Planned } from './events.ts'
import type { Row } from './kind.ts'
import { listenersOf } from './listeners.ts'
import type { World } from './world.ts'

/** An event that was answered 200. */
interface Promised {
  readonly event: Planned
  /** Whether it may be gone, because somebody has it removed. */
  mayBeGone: boolean
  /** How often it was accepted. */
  accepted: number
}

/** What the senders were told, and what has to be true because of it. */
export class Answers {
  readonly #world: World
  readonly #promised = new Map<string, Promised>()
  /** How often an event was dead: then it is accepted once more if it is posted again. */
  readonly #deaths = new Map<string, number>()
  /** How often an event was to be removed, and how often that has ended. */
  readonly #removals = new Map<string, { begun: number, ended: number }>()

  constructor (world: World) {
    this.#world = world
  }

  /** To be called when an event is posted. What is returned is to be told how it was answered. */
  posting (event: Planned): (status: 'accepted' | 'duplicate' | 'invalid') => void {
    const { begun, ended } = this.#removalsOf(event.id)
    const isBeingRemoved = begun > ended
    return (status) => { this.#ok(event, status, isBeingRemoved || this.#removalsOf(event.id).begun > begun) }
  }

  #ok (event: Planned, status: 'accepted' | 'duplicate' | 'invalid', mayBeGone: boolean): void {
    const known = this.#promised.get(event.id)
    if (status === 'duplicate' && known !== undefined) {
      known.mayBeGone ||= mayBeGone
      return
    }
    // With several processes, a repeat may be answered before the one that was accepted.
    const accepted = (known?.accepted ?? 0) + (status === 'duplicate' || mayBeGone ? 0 : 1)
    if (accepted > 1 + (this.#deaths.get(event.id) ?? 0) + this.#removalsOf(event.id).begun) this.#world.violate('repeats', `${event.name} was accepted once more`)
    this.#promised.set(event.id, { event, mayBeGone, accepted })
  }

  died (id: string): void {
    this.#world.ledger.order.died(id)
    this.#deaths.set(id, (this.#deaths.get(id) ?? 0) + 1)
  }

  /** Events are to be removed, until the function is called that is returned. What has failed may be done at any time after that. */
  removing (ids: readonly string[]): () => void {
    for (const id of ids) {
      this.#world.ledger.order.move(id)
      const removals = this.#removalsOf(id)
      this.#removals.set(id, { ...removals, begun: removals.begun + 1 })
      const promised = this.#promised.get(id)
      if (promised !== undefined) promised.mayBeGone = true
    }
    return () => {
      for (const id of ids) {
        const removals = this.#removalsOf(id)
        this.#removals.set(id, { ...removals, ended: removals.ended + 1 })
      }
    }
  }

  #removalsOf (id: string): { begun: number, ended: number } {
    return this.#removals.get(id) ?? { begun: 0, ended: 0 }
  }

  clear (): void {
    this.#promised.clear()
  }

  /** At the end, when nothing is left to do. */
  judge (rows: readonly Row[]): void {
    const states = new Map(rows.map(({ id, state }) => [id, state]))
    for (const { event, mayBeGone } of this.#promised.values()) {
      const state = states.get(event.id)
      if (state === undefined && !mayBeGone) this.#world.violate('nothing-lost', `${event.name} was answered 200, and is not there`)
      if (state !== undefined) this.#judgeState(event, state)
    }
    for (const { id, state } of rows) if (state === 'pending') this.#world.violate('claims-end', `${this.#world.nameOf(id)} is pending, and nothing comes of it`)
  }

  /** What is stored in the end has to have happened: an event that is wrongly stored as done is never delivered, and so is lost. */
  #judgeState ({ id, name, isInvalid }: Planned, state: Row['state']): void {
    const { ledger, settings } = this.#world
    // An invalid one may have been replayed as it is, to other listeners.
    const missing = state === 'done' && !isInvalid ? listenersOf(settings, isInvalid).find((listener) => !ledger.hasSucceeded(id, listener)) : undefined
    if (missing !== undefined) this.#world.violate('nothing-lost', `${name} is stored as done, and ${missing} has never succeeded`)
    if (state === 'done' && !isInvalid) ledger.bursts.judgeDone(id)
    if (state === 'dead' && !this.#deaths.has(id)) this.#world.violate('nothing-lost', `${name} is stored as dead, and nobody has given it up`)
  }
}
