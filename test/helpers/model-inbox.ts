import { BacklogFullError, ClosingError } from '../../index.ts'
import type { Awaitable, Claim, ClaimedEvent, EventState, FindOptions, Found, Inbox, InboxHost, InboxStats, PageOptions, NewEvent, Outcome, ReplayOptions, StoredEvent } from '../../index.ts'
import { findByList } from '../../lib/inbox/find-by-list.ts'
import { lineOf, MOST_KEPT, recordsOf } from '../../lib/inbox/sql/delivery-records.ts'

interface Row extends NewEvent {
  seq: number
  now: EventState
  attempts: number
  dueAt: number | null
  finishedAt: number | null
  completed: readonly string[]
  refused: readonly string[] | undefined
  /** When it first failed. */
  since: number | null
  error: string | null
  lines: string
  /** Whether it has left its lane. */
  isAside: boolean
}

const laneOf = ({ id, lane, isAside }: Row) => isAside ? `aside ${id}` : lane

/** Makes inboxes for the conformance suite: one of the same name is the same one, opened again. */
export function modelInboxes (create = (): ModelInbox => new ModelInbox()): (store: string) => ModelInbox {
  const inboxes = new Map<string, ModelInbox>()
  return (store) => {
    const inbox = inboxes.get(store) ?? create()
    inboxes.set(store, inbox)
    return inbox
  }
}

/** What a durable inbox does, as simply as it can be said: nothing outlives the process, but everything else is kept. */
export class ModelInbox implements Inbox {
  readonly durable = true
  rows: Row[] = []
  readonly #held = new Set<string>()
  #timers = new Set<NodeJS.Timeout>()
  #host: InboxHost | undefined
  #seq = 0
  #lastReceivedAt: Date | null = null

  async open (host: InboxHost): Promise<void> {
    this.#host = host
    this.#held.clear()
    await Promise.resolve()
  }

  async add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    await Promise.resolve()
    if (this.#host === undefined) throw new ClosingError()
    const known = this.#row(event.id)
    const givesWay = known?.now === 'dead' || (known?.now === 'invalid' && event.problems === null)
    if (known !== undefined && !givesWay) return 'duplicate'
    if (this.#in(event.state).length >= this.#host.maxBacklog || (event.problems !== null && this.#in('invalid').length >= this.#host.maxBacklog)) throw new BacklogFullError()
    this.rows = this.rows.filter((row) => row !== known)
    if (event.problems === null) this.#lastReceivedAt = new Date(event.receivedAt)
    const pending = event.state === 'pending'
    this.rows.push({
      ...event,
      seq: ++this.#seq,
      now: event.state,
      attempts: 0,
      dueAt: pending ? event.receivedAt : null,
      finishedAt: pending ? null : event.receivedAt,
      completed: [],
      refused: undefined,
      since: null,
      error: null,
      lines: '',
      isAside: false
    })
    this.#host.wake()
    return 'accepted'
  }

  async claim (lanes: number): Promise<Claim[]> {
    await Promise.resolve()
    const claims: Claim[] = []
    for (const [lane, rows = []] of Map.groupBy(this.#in('pending'), laneOf)) {
      const due = (rows[0]?.dueAt ?? 0) <= Date.now()
      if (claims.length >= lanes || this.#held.has(lane) || !due) continue
      this.#held.add(lane)
      claims.push({ lane, events: rows.slice(0, 3).map((row) => this.#claimed(row)) })
    }
    return claims
  }

  #claimed (row: Row): ClaimedEvent {
    const isThere = () => this.rows.includes(row)
    return {
      ...row,
      attempt: row.attempts + 1,
      failingFor: row.since === null ? 0 : Date.now() - row.since,
      get isDiscarded () { return !isThere() }
    }
  }

  async settle ({ lane }: Claim, outcomes: readonly Outcome[]): Promise<void> {
    await Promise.resolve()
    for (const { seq, state, dueAt, completed, refused, aside, error, delivery } of outcomes) {
      const row = this.rows.find((row) => row.seq === seq)
      if (row === undefined) continue
      Object.assign(row, { now: state, dueAt, completed, refused, error, attempts: row.attempts + 1 })
      if (aside === true) row.isAside = true
      if (delivery !== undefined) row.lines = (row.lines + lineOf(delivery)).slice(-MOST_KEPT)
      if (state !== 'pending') row.finishedAt = Date.now()
      else row.since ??= Date.now()
      if (state === 'pending') this.#wakeAt(dueAt ?? 0)
    }
    this.#held.delete(lane)
    this.#host?.wake()
  }

  #wakeAt (at: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#host?.wake()
    }, Math.max(0, at - Date.now()) + 1)
    this.#timers.add(timer)
  }

  stats (): InboxStats {
    const count = (state: EventState) => this.#in(state).length
    const oldest = this.#in('pending')[0]
    return {
      pending: count('pending'),
      failing: this.#in('pending').filter(({ attempts }) => attempts > 0).length,
      done: count('done'),
      dead: count('dead'),
      invalid: count('invalid'),
      oldestPendingAt: oldest === undefined ? null : new Date(oldest.receivedAt),
      lastReceivedAt: this.#lastReceivedAt
    }
  }

  list ({ state, limit = 100, before = Infinity }: PageOptions = {}): StoredEvent[] {
    return this.rows.filter((row) => row.seq < before && (state === undefined || row.now === state))
      .sort((a, b) => b.seq - a.seq).slice(0, limit).map(stored)
  }

  async find (options: FindOptions): Promise<Found> {
    return await findByList(async (options) => await Promise.resolve(this.list(options)), options)
  }

  get (id: string): StoredEvent | undefined {
    const row = this.#row(id)
    return row && stored(row)
  }

  replay (ids: readonly string[], { all = false }: ReplayOptions = {}): number {
    const rows = this.rows.filter(({ id, now }) => ids.includes(id) && now !== 'pending')
    for (const row of rows) {
      if (row.now === 'invalid') Object.assign(row, { problems: null, error: row.problems?.join('; ') })
      const completed = row.now === 'dead' && !all ? row.completed : []
      Object.assign(row, {
        now: 'pending', seq: ++this.#seq, attempts: 0, dueAt: Date.now(), finishedAt: null, completed, refused: undefined, since: null, isAside: false
      })
    }
    this.rows.sort((a, b) => a.seq - b.seq)
    this.#host?.wake()
    return rows.length
  }

  discard (ids: readonly string[]): number {
    return this.#remove(({ id }) => ids.includes(id))
  }

  forget (lane: string): number {
    return this.#remove((row) => row.lane === lane)
  }

  #remove (isMeant: (row: Row) => boolean): number {
    const { length } = this.rows
    this.rows = this.rows.filter((row) => !isMeant(row))
    return length - this.rows.length
  }

  close (): Awaitable<void> {
    this.#host = undefined
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #row (id: string): Row | undefined {
    return this.rows.find((row) => row.id === id)
  }

  #in (state: EventState): Row[] {
    return this.rows.filter(({ now }) => now === state)
  }
}

function stored ({ seq, id, name, lane, now, event, receivedAt, attempts, dueAt, finishedAt, error, problems, lines, isAside }: Row): StoredEvent {
  const date = (at: number | null) => at === null ? null : new Date(at)
  return {
    seq, id, name, lane, state: now, event, receivedAt: new Date(receivedAt), attempts, dueAt: date(dueAt), finishedAt: date(finishedAt), error: error ?? problems?.join('; ') ?? null, deliveries: recordsOf(lines), isAside: now === 'pending' && isAside
  }
}
