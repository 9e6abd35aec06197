import { MOST_BYTES, MOST_CLAIMED } from '../../../lib/inbox/postgres/sql/claim.ts'
import { MOST_COLLECTED, MOST_OF_COLLECTED } from '../../../lib/inbox/sql/next-lane.ts'
import type { LaneRow, PendingRow, Tables } from './tables.ts'

/** Who claims, and how. */
export interface ClaimRequest {
  readonly holder: string
  /** The numbers of its claims under way. */
  readonly own: readonly number[]
  readonly claim: number
  /** Whether it may have a suspect. */
  readonly may: boolean
  readonly most: number
  readonly lease: number
  /** From when on it looks for what is due. */
  readonly from: number
}

/** An event that was claimed, with its lane as it was then. */
export interface ClaimedRow {
  readonly lane: string
  readonly adds: number
  readonly row: PendingRow
  readonly isFirst: boolean
}

interface ClaimResult {
  readonly rows: readonly ClaimedRow[]
  /** Up to when it has looked; null if it has not. */
  readonly looked: number | null
  /** Milliseconds until a lane is due, if none was; 0 if there may be more that are. */
  readonly dueIn: number | null
}

const INTERRUPTED = 'the process ended while it was being delivered, or stood still'

/** As `sql/claim.ts`. No other statement has a lock on a row, so that no lane is skipped for that. */
export function claimLanes (tables: Tables, request: ClaimRequest): ClaimResult {
  const { may, most, from } = request
  const hasSuspect = tables.dueLanes(({ suspect }) => suspect).length > 0
  const first = may && hasSuspect ? claimSuspect(tables, request) : []
  const room = most - Math.min(first.length, 1)
  let isNews = false
  const pick = () => tables.dueLanes((lane) => !lane.suspect && lane.due >= from && mayTake(tables, lane, request)).slice(0, room)
  let picked = pick()
  for (let lapsed = picked.filter((lane) => hasLapsed(lane, request)); lapsed.length > 0; lapsed = picked.filter((lane) => hasLapsed(lane, request))) {
    for (const lane of lapsed) suspect(tables, lane)
    isNews = true
    picked = pick()
  }
  const looked = picked.length < room ? tables.now : latest(picked)
  const suspects = picked.filter((lane) => tables.first(lane)?.trial != null)
  const claimed = picked.filter((lane) => !suspects.includes(lane))
  for (const lane of claimed) lease(tables, lane, request)
  for (const lane of suspects) giveUp(tables, lane)
  const vain = claimed.filter((lane) => tables.first(lane) === undefined)
  for (const { lane } of vain) tables.lanes.delete(lane)
  const rows = claimed.flatMap((lane) => eventsOf(tables, lane))
  isNews ||= suspects.length > 0
  const second = may && first.length === 0 && isNews && claimed.length < most ? claimSuspect(tables, request) : []
  const all = [...first, ...rows, ...second]
  const isMore = vain.length + suspects.length > 0
  return { rows: all, looked, dueIn: isMore ? 0 : all.length > 0 ? null : nextDue(tables) }
}

/** The suspect lane that has been due for longest, with its first event alone, or with all that waits for collectors. */
function claimSuspect (tables: Tables, request: ClaimRequest): ClaimedRow[] {
  for (;;) {
    const [lane] = tables.dueLanes((lane) => lane.suspect && mayTake(tables, lane, request))
    if (lane === undefined) return []
    const row = tables.first(lane)
    if (row === undefined) tables.lanes.delete(lane.lane)
    else if (row.trial === null) Object.assign(lane, { suspect: false, holder: null, claim: null, due: tables.now })
    else {
      row.trial = row.trial === 2 || (row.trial === 1 && hasLapsed(lane, request)) ? 2 : 1
      lease(tables, lane, request)
      return tables.isOfCollectors(lane) ? eventsOf(tables, lane) : [{ lane: lane.lane, adds: lane.adds, row: { ...row }, isFirst: true }]
    }
  }
}

function mayTake (tables: Tables, { lane, holder, claim, due }: LaneRow, request: ClaimRequest): boolean {
  if (holder === request.holder) return claim === null || !request.own.includes(claim)
  if (holder !== null && claim !== null) return !tables.isLocked(lane)
  return holder === null || due <= tables.now - request.lease
}

function hasLapsed ({ holder, claim }: LaneRow, request: ClaimRequest): boolean {
  return claim !== null && holder !== request.holder
}

function lease ({ now }: Tables, lane: LaneRow, { holder, claim, lease }: ClaimRequest): void {
  Object.assign(lane, { holder, claim, due: now + lease })
}

function giveUp ({ now }: Tables, lane: LaneRow): void {
  Object.assign(lane, { suspect: true, holder: null, claim: null, due: now })
}

/** The lease of another process has run out. */
function suspect (tables: Tables, lane: LaneRow): void {
  giveUp(tables, lane)
  const row = tables.first(lane)
  if (row === undefined) return
  if (row.trial === null) {
    row.attempts++
    row.error ??= INTERRUPTED
  }
  row.trial = row.trial === 1 ? 2 : row.trial ?? 0
}

function eventsOf (tables: Tables, lane: LaneRow): ClaimedRow[] {
  const [most, bytes] = tables.isOfCollectors(lane) ? [MOST_COLLECTED, MOST_OF_COLLECTED] : [MOST_CLAIMED, MOST_BYTES]
  let before = 0
  const rows = tables.firstOf(lane, most).filter(({ size }) => (before += size) - size < bytes)
  return rows.map((row, i) => ({ lane: lane.lane, adds: lane.adds, row: { ...row }, isFirst: i === 0 }))
}

function latest (lanes: readonly LaneRow[]): number | null {
  return lanes.length === 0 ? null : Math.max(...lanes.map(({ due }) => due))
}

function nextDue ({ lanes, now }: Tables): number | null {
  const later = [...lanes.values()].map(({ due }) => due).filter((due) => due > now)
  return later.length === 0 ? null : Math.ceil(Math.min(...later) - now)
}
