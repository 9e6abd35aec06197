import { State } from '../../../lib/inbox/postgres/sql/states.ts'
import { MOST_KEPT } from '../../../lib/inbox/sql/delivery-records.ts'
import type { LaneRow, PendingRow, Tables } from './tables.ts'

/** What is settled of one claim. */
export interface SettledClaim {
  readonly lane: string
  readonly claim: number
  /** The lane's `adds`, if all is through that was pending with that. */
  readonly adds: number | null
  readonly delay: number | null
  readonly aside: string | null
  readonly running: boolean
}

/** An event that was done at once, and the place of its claim. */
export interface DoneEvent {
  readonly seq: number
  readonly by: number
}

/** One that was not. */
export interface FailedEvent extends DoneEvent {
  readonly state: number
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
  for (const event of request.failed) if (event.state === State.pending && isOwn(event)) makeAside(tables, request, event)
  // One that two claims have counts as what it comes first.
  const failed = request.failed.filter(({ seq }, i) => request.failed.findIndex((other) => other.seq === seq) === i)
  const retried = failed.filter((event) => event.state === State.pending && isOwn(event))
  const waiting = new Set(retried.flatMap((event) => tryAgain(tables, request, event)))
  for (const event of failed) {
    if (event.state !== State.pending && (isOwn(event) || event.state === State.done)) finish(tables, event, isOwn(event))
  }
  for (const { seq, ...event } of request.done) {
    const row = tables.pending.get(seq)
    if (row !== undefined) finish(tables, { seq, ...event, state: State.done, completed: row.completed, error: null, delivery: '' }, isOwn({ seq, ...event }))
  }
  if (isSuspect) giveBackSuspects(tables, held)
  for (const claim of held) giveBack(tables, claim, waiting.has(claim), request.holder)
  return lost.map(({ seq }) => seq)
}

/** A lane that is settled twice counts as what it comes first. */
function isHeld ({ lanes }: Tables, { holder, claims }: SettleRequest, { lane, claim }: SettledClaim, place: number): boolean {
  const row = lanes.get(lane)
  return row?.holder === holder && row.claim === claim && claims.findIndex((other) => other.lane === lane) === place
}

function makeAside (tables: Tables, { holder, claims }: SettleRequest, { seq, by }: FailedEvent): void {
  const { lane, aside = null, delay = 0, running } = claims[by] ?? {}
  const row = tables.pending.get(seq)
  if (aside === null || aside === lane || row === undefined) return
  const due = tables.now + Number(delay)
  const suspect = row.trial === 2
  const reserved = running === true ? holder : null
  const there = tables.lanes.get(aside)
  if (there === undefined) tables.lanes.set(aside, { lane: aside, head: seq, due, holder: reserved, claim: null, adds: 1, suspect })
  else Object.assign(there, { head: Math.min(there.head, seq), adds: there.adds + 1, ...there.claim === null && { due, holder: reserved, suspect } })
}

/** Returns the claim if its lane waits with the event. */
function tryAgain (tables: Tables, { claims }: SettleRequest, { seq, by, completed, error, delivery }: FailedEvent): SettledClaim[] {
  const row = tables.pending.get(seq)
  const claim = claims[by]
  if (row === undefined || claim === undefined) return []
  row.attempts++
  row.due = tables.now + Number(claim.delay)
  row.since ??= tables.now
  row.trial = row.trial === 2 ? 0 : null
  row.aside ||= claim.aside !== null
  row.lane = claim.aside ?? row.lane
  row.deliveries = withRecord(row, delivery)
  Object.assign(row, { completed, error })
  return claim.aside === null || claim.aside === claim.lane ? [claim] : []
}

function finish (tables: Tables, { seq, state, completed, error, delivery }: FailedEvent, isOwn: boolean): void {
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

function giveBack (tables: Tables, { lane, adds, delay, running }: SettledClaim, isWaiting: boolean, holder: string): void {
  const row = tables.lanes.get(lane)
  if (row === undefined) return
  if (row.adds === adds) {
    tables.lanes.delete(lane)
    return
  }
  const first = tables.first(row)
  const changed: Partial<LaneRow> = {
    head: first?.seq ?? row.head,
    holder: running && isWaiting ? holder : null,
    claim: null,
    due: tables.now + (isWaiting ? Number(delay) : 0),
    suspect: row.suspect && first !== undefined && first.trial !== null
  }
  Object.assign(row, changed)
}
