import type { Awaitable, ClaimedEvent, EventState, NewEvent, Outcome, StoredEvent } from '../inbox.ts'
import type { Queued } from '../queue.ts'

const NONE: readonly never[] = []

export type EntryParts = Pick<NewEvent, 'id' | 'name' | 'lane' | 'event' | 'receivedAt' | 'problems'> & Partial<Pick<ClaimedEvent, 'completed'>>

/** An event in a memory inbox, from its arrival to the reply. */
export class Entry implements ClaimedEvent, Queued<Entry> {
  readonly attempt = 1
  readonly completed: readonly string[]
  isDiscarded = false
  readonly seq: number
  readonly id: string
  readonly name: string
  readonly lane: string
  readonly event: EntryParts['event']
  readonly receivedAt: number
  readonly problems: EntryParts['problems']
  next: Entry | undefined = undefined
  #result: 'accepted' | Error | undefined
  #waiting: PromiseWithResolvers<'accepted'> | undefined

  constructor (seq: number, event: EntryParts) {
    this.seq = seq
    this.id = event.id
    this.name = event.name
    this.lane = event.lane
    this.event = event.event
    this.receivedAt = event.receivedAt
    this.problems = event.problems
    this.completed = event.completed ?? NONE
  }

  finish (result: 'accepted' | Error): void {
    this.#result = result
    if (result instanceof Error) this.#waiting?.reject(result)
    else this.#waiting?.resolve(result)
  }

  /** What the sender is told: at once if the event is finished, for then nobody needs to wait for a promise. */
  answer (): Awaitable<'accepted'> {
    if (this.#result instanceof Error) throw this.#result
    if (this.#result !== undefined) return this.#result
    this.#waiting ??= Promise.withResolvers()
    return this.#waiting.promise
  }

  /** As the inbox shows it. */
  stored (state: EventState, outcome?: Outcome): StoredEvent {
    const received = new Date(this.receivedAt)
    return {
      seq: this.seq,
      id: this.id,
      name: this.name,
      lane: this.lane,
      state,
      event: this.event,
      receivedAt: received,
      attempts: outcome === undefined ? 0 : 1,
      dueAt: outcome === undefined ? received : null,
      finishedAt: outcome === undefined ? null : new Date(),
      error: outcome?.error ?? this.problems?.join('; ') ?? null,
      deliveries: outcome?.delivery === undefined ? [] : [outcome.delivery]
    }
  }
}
