// Only PostgreSQL: one answer of the server has claims, what was lost, and when to ask again. SQLite's has a field for each.
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
  /** Milliseconds until a lane is due, if none was and one will be. */
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
    } else lanes.set(row.lane, [...lanes.get(row.lane) ?? [], row])
  }
  const claims = Array.from(lanes, ([lane, events]) => claimOf(events, new LeasedClaim(lane, number, String(events[0]?.adds), until), onDamaged))
  return { claims, lost, looked, dueIn }
}

function claimOf (rows: readonly Row[], claim: LeasedClaim, onDamaged: (id: string) => void): LeasedClaim {
  // A usual claim ends before the first event that is suspect.
  const suspect = rows.findIndex(({ trial }) => trial !== null)
  claim.isSuspect = suspect === 0
  const usual = suspect === -1 ? rows : rows.slice(0, Math.max(1, suspect))
  const events = claimedEvents(usual.map(claimedEvent), ({ id, seq }) => {
    claim.damaged.push(String(seq))
    onDamaged(id)
  })
  claim.events.push(...events)
  claim.hasMore = suspect !== -1 || rows.length === MOST_CLAIMED || rows.reduce((sum, { size }) => sum + Number(size), 0) >= MOST_BYTES
  return claim
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
    aside: row.aside === 't',
    interrupted: row.trial === '2'
  }
}
