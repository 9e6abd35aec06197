import type { EventState } from '../../../lib/inbox/inbox.ts'
import type { Mark, Posted } from '../marks.ts'

/** An event as it has to be found. */
export interface ExpectedEvent extends Posted {
  /** Whether it must be there, must not be there, or may be. */
  presence: 'there' | 'gone' | 'unknown'
  /** The states that it may be in. */
  states: readonly EventState[]
  /** Its place in the order of its lane. Undefined if it may have one of two. */
  order: number | undefined
  /** Whether nothing of its body may be left. */
  isForgotten: boolean
}

/** What has to be found after the power was lost: all that was answered by then, and of what was asked either all or nothing. */
export class Expected {
  readonly #events = new Map<string, ExpectedEvent>()
  #order = 0

  get events (): Iterable<ExpectedEvent> {
    return this.#events.values()
  }

  get (id: string): ExpectedEvent | undefined {
    return this.#events.get(id)
  }

  note (mark: Mark): void {
    if (mark.what === 'add') {
      for (const event of mark.events) this.#events.set(event.id, { ...event, presence: 'unknown', states: ['pending'], order: undefined, isForgotten: false })
      return
    }
    this.#order++
    const ids = 'id' in mark ? [mark.id] : 'ids' in mark ? mark.ids : this.#idsOf(mark.lane)
    for (const id of ids) {
      const event = this.#events.get(id)
      if (event !== undefined) Object.assign(event, this.#changed(event, mark))
    }
  }

  #changed ({ states }: ExpectedEvent, mark: Exclude<Mark, { what: 'add' }>): Partial<ExpectedEvent> {
    switch (mark.what) {
      case 'accepted': return { presence: 'there', order: this.#order }
      case 'settle': return { states: [...states, mark.state] }
      case 'settled': return { states: [mark.state] }
      case 'replay': return { states: [...states, 'pending'], order: undefined }
      case 'replayed': return { states: ['pending'], order: this.#order }
      case 'remove':
      case 'forget': return { presence: 'unknown' }
      case 'removed': return { presence: 'gone' }
      case 'forgotten': return { presence: 'gone', isForgotten: true }
    }
  }

  /** What is gone stays so. */
  #idsOf (lane: string): string[] {
    return [...this.#events.values()].filter((event) => event.lane === lane && event.presence !== 'gone').map(({ id }) => id)
  }
}
