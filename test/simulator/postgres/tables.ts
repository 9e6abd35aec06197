import { COLLECT, MOST_COLLECTED } from '../../../lib/inbox/sql/next-lane.ts'

/** An event, as in the table `events`. */
export interface EventRow {
  seq: number
  /** The first number that it had. */
  readonly born: number
  readonly received: number
  readonly size: number
  /** In hexadecimal digits. */
  readonly id: string
  readonly lane: string
  readonly name: string
  problems: string | null
  readonly body: string
}

/** Of an event that is pending. */
export interface PendingRow {
  readonly seq: number
  due: number | null
  since: number | null
  readonly size: number
  attempts: number
  trial: number | null
  aside: boolean
  lane: string
  completed: string | null
  error: string | null
  deliveries: string | null
}

/** Of one that was not delivered yet. */
export function newPending (seq: number, { size, lane }: Pick<EventRow, 'size' | 'lane'>): PendingRow {
  return { seq, due: null, since: null, size, attempts: 0, trial: null, aside: false, lane, completed: null, error: null, deliveries: null }
}

/** Of an event that is not pending any more. */
export interface FinishedRow {
  readonly seq: number
  readonly finished: number
  readonly attempts: number
  readonly state: number
  readonly completed: string | null
  readonly error: string | null
  readonly deliveries: string | null
}

export interface LaneRow {
  readonly lane: string
  head: number
  due: number
  holder: string | null
  claim: number | null
  adds: number
  suspect: boolean
}

export interface Totals {
  pending: number
  done: number
  dead: number
  invalid: number
  received: number
}

/** A transaction of an app that has begun and not ended. Nobody else sees what it has written. */
export interface Transaction {
  /** Whether a statement has failed: then it can only be rolled back, and has no locks any more. */
  hasFailed: boolean
  /** Nobody takes these over from the process that has claimed them. */
  readonly locked: Set<string>
  /** The listeners that are through once it is committed. */
  readonly noted: Noted[]
  /** What it has inserted into the app's own table. */
  readonly inserted: string[]
}

/** What names a claim of a lane. */
export interface Held {
  readonly holder: string
  readonly claim: number
  readonly lane: string
}

/** A listener that is through with an event. */
export interface Noted {
  readonly id: string
  readonly born: number
  readonly listener: string
  /** The event's number when that was recorded. */
  readonly seq: number
  /** The claim that it was recorded with. */
  readonly by: Held
}

/** Of lanes that are due at the same time, those with the lower rank come first: the server promises no order. */
export type Rank = (row: LaneRow) => number

/** What is stored, and when it is. Times are milliseconds of the server's clock. */
export class Tables {
  readonly events = new Map<number, EventRow>()
  readonly pending = new Map<number, PendingRow>()
  readonly finished = new Map<number, FinishedRow>()
  readonly lanes = new Map<string, LaneRow>()
  /** By the first numbers of events, the listeners that are through with them because a transaction of the app says so. */
  readonly completions = new Map<number, Set<string>>()
  readonly transactions = new Set<Transaction>()
  readonly totals: Totals = { pending: 0, done: 0, dead: 0, invalid: 0, received: 0 }
  /** The last number that was given to an event. */
  last = 0
  now = 0
  rank: Rank = () => 0

  next (): number {
    return ++this.last
  }

  /** Whether a transaction keeps others from taking the lane over. */
  isLocked (lane: string): boolean {
    for (const { locked } of this.transactions) if (locked.has(lane)) return true
    return false
  }

  /** `id` is in hexadecimal digits. */
  eventOf (id: string): EventRow | undefined {
    for (const event of this.events.values()) if (event.id === id) return event
    return undefined
  }

  eventsOf (ids: readonly string[]): EventRow[] {
    return ids.flatMap((id) => this.eventOf(id) ?? [])
  }

  /** The first pending events of a lane, in order. */
  firstOf ({ lane, head }: Pick<LaneRow, 'lane' | 'head'>, most: number): PendingRow[] {
    const rows = [...this.pending.values()].filter((row) => row.lane === lane && row.seq >= head)
    return rows.sort((a, b) => a.seq - b.seq).slice(0, most)
  }

  first (lane: Pick<LaneRow, 'lane' | 'head'>): PendingRow | undefined {
    return this.firstOf(lane, 1)[0]
  }

  /** Whether its first event waits for collectors. */
  isOfCollectors (lane: Pick<LaneRow, 'lane' | 'head'>): boolean {
    const first = this.first(lane)
    return first !== undefined && lane.lane.startsWith(COLLECT) && this.events.get(first.seq)?.lane !== lane.lane
  }

  /** When a lane is due by what its events say. */
  firstDue (lane: Pick<LaneRow, 'lane' | 'head'>): number | null {
    const rows = this.firstOf(lane, lane.lane.startsWith(COLLECT) ? MOST_COLLECTED : 1)
    const [{ attempts, due } = { attempts: 0, due: null }] = rows
    return attempts === 0 && due !== null ? Math.min(...rows.flatMap(({ due }) => due ?? [])) : due
  }

  /** Lanes get rows in order, and the one that is there already counts how often it was added to. */
  enterLanes (lanes: Iterable<string>): void {
    for (const lane of [...new Set(lanes)].sort()) {
      const row = this.lanes.get(lane)
      if (row !== undefined) row.adds++
      else this.lanes.set(lane, { lane, head: this.last, due: this.now, holder: null, claim: null, adds: 1, suspect: false })
    }
  }

  /** Those that are due, and that fit, in the order in which they are claimed. */
  dueLanes (fits: (row: LaneRow) => boolean): LaneRow[] {
    const rows = [...this.lanes.values()].filter((row) => row.due <= this.now && fits(row))
    return rows.sort((a, b) => a.due - b.due || this.rank(a) - this.rank(b))
  }
}
