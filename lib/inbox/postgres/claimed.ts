import { takenEvents } from '../rows.ts'
import type { TakenEvent } from '../rows.ts'
import type { Row } from './database.ts'
import { HeldClaim } from './held.ts'
import type { LeaseEnd } from './held.ts'
import { MOST_BYTES, MOST_EVENTS } from './sql/claim.ts'

/** What a turn has answered. */
export interface Answer {
  readonly claims: readonly HeldClaim[]
  /** Lanes that were settled too late. */
  readonly lost: ReadonlySet<string>
  /** Milliseconds until a lane is due, if none was and one will be. */
  readonly dueIn: number | null
}

/** Groups the rows of a turn: those of a lane come one after the other. */
export function answerOf (rows: readonly Row[], number: number, until: LeaseEnd, onDamaged: (id: string) => void): Answer {
  const lanes = new Map<string, Row[]>()
  const lost = new Set<string>()
  let dueIn: number | null = null
  for (const row of rows) {
    if (row.lane === null || row.lane === undefined) dueIn = Number(row.received)
    else if (row.seq === null) lost.add(row.lane)
    else lanes.set(row.lane, [...lanes.get(row.lane) ?? [], row])
  }
  const claims = Array.from(lanes, ([lane, events]) => claimOf(events, new HeldClaim(lane, number, String(events[0]?.adds), until), onDamaged))
  return { claims, lost, dueIn }
}

function claimOf (rows: readonly Row[], claim: HeldClaim, onDamaged: (id: string) => void): HeldClaim {
  const events = takenEvents(rows.map(takenEvent), ({ id, seq }) => {
    claim.damaged.push(String(seq))
    onDamaged(id)
  })
  claim.events.push(...events)
  claim.hasMore = rows.length === MOST_EVENTS || rows.reduce((sum, { size }) => sum + Number(size), 0) >= MOST_BYTES
  return claim
}

function takenEvent ({ seq, id, body, received, attempts, completed, problems }: Row): TakenEvent {
  return { seq: Number(seq), id: String(id), body: String(body), received: Number(received), attempts: Number(attempts), completed: completed ?? null, problems: problems ?? null, failingFor: 0, interrupted: false, aside: false }
}
