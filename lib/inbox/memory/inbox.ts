import { BacklogFullError, ClosingError, InvalidEventError, NotDeliveredError } from '../../errors/errors.ts'
import { findByList } from '../find-by-list.ts'
import type { Awaitable, Claim, FindOptions, Found, Inbox, InboxHost, InboxStats, PageOptions, NewEvent, Outcome, ReplayOptions, StoredEvent } from '../inbox.ts'
import { Queue } from '../queue.ts'
import { Entry } from './entry.ts'
import type { EntryParts } from './entry.ts'
import { History } from './history.ts'
import { Lane } from './lane.ts'
import { resolveMemoryOptions } from './options.ts'
import type { MemoryInboxOptions } from './options.ts'
import { pageOf } from './page.ts'
import { RecentIds } from './recent-ids.ts'

const MOST_IDS = 10_000

/** There is no second attempt here: what is to be tried again is over. */
const LAST_STATE = { done: 'done', dead: 'dead', invalid: 'invalid', pending: 'dead' } as const

class MemoryInbox implements Inbox {
  readonly durable = false
  readonly #history: History | undefined
  readonly #recent: RecentIds
  readonly #pending = new Map<string, Entry>()
  /** Those that were discarded since they came in, and are still in their lanes. */
  readonly #discarded = new Set<Entry>()
  /** The lanes that have pending events. */
  readonly #lanes = new Map<string, Lane>()
  /** Those of them that are not claimed. */
  #due = new Queue<Lane>()
  #host: InboxHost | undefined
  #seq = 0
  #lastReceivedAt: Date | null = null

  constructor (options: MemoryInboxOptions | undefined) {
    const { keep, history } = resolveMemoryOptions(options)
    this.#recent = new RecentIds(keep, MOST_IDS)
    if (history > 0) this.#history = new History(history)
  }

  open (host: InboxHost): void {
    this.#host = host
  }

  add (event: NewEvent): Awaitable<'accepted' | 'duplicate'> {
    if (this.#host === undefined) throw new ClosingError()
    if (this.#recent.has(event.id, event.receivedAt)) return 'duplicate'
    const first = this.#pending.get(event.id)
    if (first !== undefined) return Promise.resolve(first.answer()).then(() => 'duplicate')
    if (this.#pending.size >= this.#host.maxBacklog) throw new BacklogFullError()

    this.#history?.remove(event.id) // it was dead, or nobody remembered it any more
    const entry = this.#enqueue(event)
    this.#host.wake() // delivers it here and now, if its lane is free and its listeners are synchronous
    return entry.answer()
  }

  #enqueue (event: EntryParts): Entry {
    const entry = new Entry(++this.#seq, event)
    this.#pending.set(entry.id, entry)
    const lane = this.#lanes.get(entry.lane)
    if (lane === undefined) this.#begin(new Lane(entry))
    else lane.push(entry)
    return entry
  }

  #begin (lane: Lane): void {
    this.#lanes.set(lane.lane, lane)
    this.#due.push(lane)
  }

  claim (most: number): readonly Claim[] {
    const claims: Claim[] = []
    while (claims.length < most) {
      const lane = this.#due.shift()
      if (lane === undefined) break
      claims.push(lane)
    }
    return claims
  }

  settle (claim: Claim, [outcome]: readonly Outcome[]): void {
    const lane = this.#lanes.get(claim.lane)
    if (lane !== claim) return // closed in the meantime, and perhaps opened again
    if (outcome !== undefined) this.#finish(lane.events[0], outcome)
    if (outcome === undefined || lane.advance()) this.#due.push(lane)
    else this.#lanes.delete(lane.lane)
  }

  #finish (entry: Entry, outcome: Outcome): void {
    if (!this.#discarded.delete(entry)) this.#pending.delete(entry.id)
    if (outcome.state === 'done' && entry.problems === null) this.#lastReceivedAt = new Date(entry.receivedAt)
    if (!entry.isDiscarded) this.#remember(entry, outcome)
    entry.finish(resultOf(outcome, entry))
  }

  #remember (entry: Entry, outcome: Outcome): void {
    if (outcome.state === 'done') this.#recent.add(entry.id, entry.receivedAt)
    const { problems } = entry
    this.#history?.add({ event: entry.stored(LAST_STATE[outcome.state], outcome), problems, completed: outcome.completed })
  }

  stats (): InboxStats {
    const finished = this.#history?.all() ?? []
    const oldest = this.#pending.values().next().value
    return {
      pending: this.#pending.size,
      failing: 0, // there is no second attempt
      done: this.#recent.size,
      dead: finished.filter(({ state }) => state === 'dead').length,
      invalid: finished.filter(({ state }) => state === 'invalid').length,
      oldestPendingAt: oldest === undefined ? null : new Date(oldest.receivedAt),
      lastReceivedAt: this.#lastReceivedAt
    }
  }

  list ({ state, limit = 100, before = Infinity }: PageOptions = {}): StoredEvent[] {
    const pending = Array.from(this.#pending.values(), (entry) => entry.stored('pending'))
    return [...pending, ...this.#history?.all() ?? []]
      .filter((event) => event.seq < before && (state === undefined || event.state === state))
      .sort((a, b) => b.seq - a.seq)
      .slice(0, limit)
  }

  find (options: FindOptions): Promise<Found> {
    return findByList((page) => pageOf(this.#pending.values(), this.#history, page), options)
  }

  get (id: string): StoredEvent | undefined {
    return this.#pending.get(id)?.stored('pending') ?? this.#history?.get(id)
  }

  replay (ids: readonly string[], { all = false }: ReplayOptions = {}): number {
    const finished = ids
      .filter((id) => !this.#pending.has(id))
      .map((id) => this.#history?.remove(id))
      .filter((event) => event !== undefined)
      .sort((a, b) => a.event.seq - b.event.seq)
    for (const { event, problems, completed } of finished) {
      this.#recent.delete(event.id)
      this.#enqueue({
        ...event,
        receivedAt: event.receivedAt.getTime(),
        problems: event.state === 'invalid' ? null : problems,
        completed: event.state === 'dead' && !all ? completed : []
      })
    }
    this.#host?.wake()
    return finished.length
  }

  /** A sender who waits for one that is removed learns how it ended, if a listener is at work on it, or else that it is handled. */
  discard (ids: readonly string[]): number {
    return ids.filter((id) => {
      this.#recent.delete(id)
      const entry = this.#pending.get(id)
      if (entry !== undefined) this.#discard(entry)
      this.#pending.delete(id)
      return this.#history?.remove(id) !== undefined || entry !== undefined
    }).length
  }

  /** Its sender still waits for it. */
  #discard (entry: Entry): void {
    entry.isDiscarded = true
    this.#discarded.add(entry)
  }

  forget (lane: string): number {
    const events = [...this.#pending.values(), ...this.#history?.all() ?? []]
    return this.discard(events.filter((event) => event.lane === lane).map(({ id }) => id))
  }

  close (): void {
    this.#host = undefined
    for (const entry of [...this.#pending.values(), ...this.#discarded]) entry.finish(new ClosingError())
    this.#pending.clear()
    this.#discarded.clear()
    this.#lanes.clear()
    this.#due = new Queue()
  }
}

/** What the sender is told. */
function resultOf ({ state }: Outcome, { problems }: Entry): 'accepted' | Error {
  if (state === 'done') return 'accepted'
  return state === 'invalid' ? new InvalidEventError(String(problems?.join('; '))) : new NotDeliveredError()
}

/**
 * The default inbox: an event's listeners run before the reply, and nothing survives the process. It remembers the ids of
 * what was handled, so that a repeat is dropped.
 */
export function memoryInbox (options?: MemoryInboxOptions): Inbox {
  return new MemoryInbox(options)
}
