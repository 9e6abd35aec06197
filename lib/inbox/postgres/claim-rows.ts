// Only PostgreSQL: one answer of the server has claims, what was lost, and when to ask again. SQLite's has a field for each.
import { isCollected, MOST_COLLECTED, MOST_OF_COLLECTED } from '../sql/next-lane.ts'
import { claimedEvents } from '../sql/rows.ts'
import type { ClaimedRow } from '../sql/rows.ts'
import { idOf } from './ids.ts'
import { LeasedClaim } from './leased-claim.ts'
import type { LeaseEnd } from './leased-claim.ts'
import type { Row } from './query.ts'
import { MOST_BYTES, MOST_CLAIMED } from './sql/claim.ts'

/** What a turn has answered. */
export interface Answer {
  readonly claims: readonly LeasedClaim[]
  /** Events that were settled too late: nothing is recorded of what became of them. */
  readonly lost: ReadonlySet<number>
  /** If the server has looked for what was due: up to when. */
  readonly looked: string | null
  /** Milliseconds until a lane is due, if none was and one will be; 0 if more may be due now. */
  readonly dueIn: number | null
}

/** Groups the rows of a turn: those of a lane come one after the other. */
export function answerOf (rows: readonly Row[], number: number, until: LeaseEnd, onDamaged: (id: string) => void): Answer {
  const lanes = new Map<string, Row[]>()
  const lost = new Set<number>()
  let looked: string | null = null
  let dueIn: number | null = null
  for (const row of rows) {
    if (typeof row.lane !== 'string') {
      if (row.seq === null) {
        looked = row.body ?? null
        if (row.received !== null) dueIn = Number(row.received)
      } else lost.add(Number(row.seq))
    } else {
      const rows = lanes.get(row.lane)
      if (rows === undefined) lanes.set(row.lane, [row])
      else rows.push(row)
    }
  }
  const claims = Array.from(lanes, ([lane, rows]) => claimOf(rows, new LeasedClaim(lane, number, String(rows[0]?.adds), until), onDamaged))
  return { claims, lost, looked, dueIn }
}

function claimOf (rows: readonly Row[], claim: LeasedClaim, onDamaged: (id: string) => void): LeasedClaim {
  const [first] = rows
  claim.isSuspect = first?.trial !== null
  claim.isCollected = waits(first)
  claim.isFollowed = first?.followed === 't' && !claim.isSuspect // which waits for nobody
  const end = rows.findIndex((row, i) => i > 0 && endsBefore(row, claim))
  const events = claimedEvents(claim.lane, (end === -1 ? rows : rows.slice(0, end)).map(claimedEvent), ({ id, seq }) => {
    claim.damaged.push(String(seq))
    onDamaged(id)
  })
  claim.events.push(...events)
  const [most, bytes] = claim.isCollected ? [MOST_COLLECTED, MOST_OF_COLLECTED] : [MOST_CLAIMED, MOST_BYTES]
  claim.hasMore = claim.isSuspect || end !== -1 || rows.length === most || rows.reduce((sum, { size }) => sum + Number(size), 0) >= bytes
  return claim
}

/** An event that is suspect is the first of its claim. And a conversation may be called what another one's lane for collectors is called. */
function endsBefore (row: Row, { isCollected }: LeasedClaim): boolean {
  return row.trial !== null || waits(row) !== isCollected
}

/** Whether it waits for collectors. */
function waits (row: Row | undefined): boolean {
  return isCollected({ lane: String(row?.lane), home: row?.home ?? null })
}

function claimedEvent (row: Row): ClaimedRow {
  return {
    seq: Number(row.seq),
    id: idOf(row.id),
    body: String(row.body),
    received: Number(row.received),
    attempts: Number(row.attempts),
    completed: row.completed ?? null,
    noted: row.noted ?? null,
    problems: row.problems ?? null,
    failingFor: Number(row.failing_for),
    dueIn: Number(row.due_in),
    aside: row.aside === 't',
    home: row.home ?? null,
    interrupted: row.trial === '2'
  }
}
