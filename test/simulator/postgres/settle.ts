import { State } from '../../../lib/inbox/postgres/sql/states.ts'
import { MOST_KEPT } from '../../../lib/inbox/sql/delivery-records.ts'
import { MOST_COLLECTED } from '../../../lib/inbox/sql/next-lane.ts'
import { goOnWithout } from './changes.ts'
import type { LaneRow, PendingRow, Tables } from './tables.ts'

/** What is settled of one claim. */
export interface SettledClaim {
  readonly lane: string
  readonly claim: number
  /** The lane's `adds`, if all is through that was pending with that. */
  readonly adds: number | null
  /** The same, if its events wait for collectors. */
  readonly burst: number | null
  readonly delay: number | null
}

/** An event that was done at once, and the place of its claim. */
export interface DoneEvent {
  readonly seq: number
  readonly by: number
}

/** One that was not. */
export interface FailedEvent extends DoneEvent {
  readonly state: number
  readonly lane: string | null
  readonly delay: number
  readonly collects: boolean
  readonly stays: boolean
  readonly running: boolean
  readonly completed: string | null
  readonly error: string | null
  readonly delivery: string
}

export interface SettleRequest {
  readonly holder: string
  readonly claims: readonly SettledClaim[]
  readonly done: readonly DoneEvent[]
  readonly failed: readonly FailedEvent[]
}

/** As `sql/settle.ts`. Returns the events of which nothing was recorded. */
export function settle (tables: Tables, request: SettleRequest): number[] {
  const held = request.claims.filter((claim, i) => isHeld(tables, request, claim, i))
  const isOwn = ({ by }: DoneEvent) => held.some((claim) => claim === request.claims[by])
  const isSuspect = held.some(({ lane }) => tables.lanes.get(lane)?.suspect)
  const lost = [...request.done.map((event) => ({ ...event, state: State.done })), ...request.failed]
    .filter((event) => !isOwn(event) && (event.state !== State.done || !tables.pending.has(event.seq)) && tables.events.has(event.seq))
  const retried = request.failed.filter((event) => event.state === State.pending && isOwn(event) && tables.pending.has(event.seq))
  enterOthers(tables, request, retried)
  const waiting = retried.filter((event) => tryAgain(tables, request, event))
  for (const event of request.failed) {
    if (event.state !== State.pending && (isOwn(event) || event.state === State.done)) finish(tables, event, isOwn(event))
  }
  for (const { seq, ...event } of request.done) {
    const row = tables.pending.get(seq)
    if (row !== undefined) finish(tables, { seq, state: State.done, completed: row.completed, error: null, delivery: '' }, isOwn({ seq, ...event }))
  }
  if (held.length < request.claims.length) for (const { lane } of request.claims) goOnWithout(tables, lane)
  if (isSuspect) giveBackSuspects(tables, held)
  for (const claim of held) {
    const isOfClaim = ({ by }: DoneEvent) => request.claims[by] === claim
    giveBack(tables, claim, request, { waiting: waiting.filter(isOfClaim), settled: new Set(request.failed.filter(isOfClaim).map(({ seq }) => seq)) })
  }
  return lost.map(({ seq }) => seq)
}

/** A lane that is settled twice counts as what it comes first. */
function isHeld ({ lanes }: Tables, { holder, claims }: SettleRequest, { lane, claim }: SettledClaim, place: number): boolean {
  const row = lanes.get(lane)
  return row?.holder === holder && row.claim === claim && claims.findIndex((other) => other.lane === lane) === place
}

/** The lanes of those that leave theirs. */
function enterOthers (tables: Tables, { holder, claims }: SettleRequest, retried: readonly FailedEvent[]): void {
  const leaving = retried.filter(({ lane, by }) => lane !== null && lane !== claims[by]?.lane)
  for (const lane of new Set(leaving.flatMap(({ lane }) => lane ?? []))) {
    const events = leaving.filter((event) => event.lane === lane)
    const head = Math.min(...events.map(({ seq }) => seq))
    const due = tables.now + Math.min(...events.map(({ delay }) => delay))
    const reserved = events.some(({ running }) => running) ? holder : null
    const suspect = events.some(({ seq, collects }) => tables.pending.get(seq)?.trial === 2 && !collects)
    const there = tables.lanes.get(lane)
    if (there === undefined) tables.lanes.set(lane, { lane, head, due, holder: reserved, claim: null, adds: events.length, suspect })
    else {
      const first = tables.first(there)
      if (there.claim === null && first === undefined) Object.assign(there, { due, holder: reserved, suspect })
      else if (there.claim === null) {
        there.holder ??= reserved
        if (first?.attempts === 0 || Number(first?.seq) > head) there.due = Math.min(there.due, due)
      }
      there.head = Math.min(there.head, head)
      there.adds += events.length
    }
  }
}

/** Returns whether its lane waits with the event. */
function tryAgain (tables: Tables, { claims }: SettleRequest, { seq, by, lane, delay, collects, stays: mayStay, completed, error, delivery }: FailedEvent): boolean {
  const row = tables.pending.get(seq)
  if (row === undefined) return false
  const stays = collects && mayStay && lane === row.lane && row.since !== null
  if (!stays) {
    row.attempts = collects ? 0 : row.attempts + 1
    row.due = tables.now + delay
    row.since = collects ? null : row.since ?? tables.now
  }
  row.trial = row.trial === 2 && (!collects || lane === row.lane) ? 0 : null
  row.aside = stays ? row.aside : !collects && (row.aside || lane !== null)
  row.lane = lane ?? row.lane
  row.deliveries = withRecord(row, delivery)
  Object.assign(row, { completed, error: stays ? error ?? row.error : error })
  return lane === null || lane === claims[by]?.lane
}

function finish (tables: Tables, { seq, state, completed, error, delivery }: Pick<FailedEvent, 'seq' | 'state' | 'completed' | 'error' | 'delivery'>, isOwn: boolean): void {
  const row = tables.pending.get(seq)
  if (row === undefined) return
  tables.pending.delete(seq)
  // What was taken over is counted already.
  const attempts = isOwn ? row.attempts + 1 : Math.max(row.attempts, 1)
  const deliveries = delivery === '' ? row.deliveries : withRecord(row, delivery)
  tables.finished.set(seq, { seq, finished: tables.now, attempts, state, completed, error, deliveries })
  tables.totals.pending--
  tables.totals[state === State.done ? 'done' : state === State.dead ? 'dead' : 'invalid']++
}

function withRecord ({ deliveries }: PendingRow, delivery: string): string {
  return ((deliveries ?? '') + delivery).slice(-MOST_KEPT)
}

/** A suspect that is pending still was not delivered. Of a suspect lane, it is not known what was behind that event. */
function giveBackSuspects (tables: Tables, held: readonly SettledClaim[]): void {
  for (const { lane } of held) {
    const row = tables.lanes.get(lane)
    const first = row && tables.first(row)
    if (first?.trial === 1) first.trial = 0
    if (row?.suspect === true && first === undefined) tables.lanes.delete(lane)
  }
}

interface Given {
  /** Events of the claim that stay in its lane. */
  readonly waiting: readonly FailedEvent[]
  /** Those of which it said what becomes of them. */
  readonly settled: ReadonlySet<number>
}

function giveBack (tables: Tables, claim: SettledClaim, { holder }: SettleRequest, given: Given): void {
  const row = tables.lanes.get(claim.lane)
  if (row === undefined) return
  if (row.adds === claim.adds) {
    tables.lanes.delete(claim.lane)
    return
  }
  const first = tables.first(row)
  const changed: Partial<LaneRow> = {
    head: first?.seq ?? row.head,
    holder: given.waiting.some(({ running }) => running) ? holder : null,
    claim: null,
    due: dueAgain(tables, row, claim, given),
    suspect: row.suspect && first !== undefined && first.trial !== null
  }
  Object.assign(row, changed)
}

function dueAgain (tables: Tables, row: LaneRow, { burst, delay }: SettledClaim, { waiting, settled }: Given): number {
  const { now } = tables
  if (burst === null) return now + (waiting.length > 0 ? Number(delay) : 0)
  const rows = tables.firstOf(row, MOST_COLLECTED)
  const [first] = rows
  if (first === undefined) return now
  const due = now + Number(delay)
  if (row.adds === burst || first.attempts > 0) return due
  return Math.max(now, Math.min(due, ...rows.filter(({ seq }) => !settled.has(seq)).flatMap((row) => row.due ?? [])))
}
