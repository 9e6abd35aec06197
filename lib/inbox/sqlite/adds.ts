import type { NewEvent } from '../inbox.ts'
import { problemLines } from '../sql/rows.ts'
import { wellFormed } from '../sql/well-formed.ts'
import type { Deliveries } from './deliveries.ts'
import { Admission } from './messages.ts'
import type { AddedRow, Adds } from './messages.ts'

/** An event that waits to be stored. */
export interface PendingAdd {
  readonly event: NewEvent
  /** As it is stored. */
  readonly lane: string
  readonly resolve: (status: 'accepted' | 'duplicate') => void
  readonly reject: (error: unknown) => void
}

/** New events as they are handed over: their bodies in one piece, which is then the other thread's. */
export function pack (pending: readonly PendingAdd[], bytes: number, lanes: Deliveries): Adds {
  const bodies = Buffer.allocUnsafeSlow(bytes)
  const admitted = new Map<string, number>()
  let live = 0
  let end = 0
  const rows = pending.map(({ event: { id, name, state, body, receivedAt, problems }, lane }): AddedRow => {
    const admission = state === 'invalid' ? Admission.invalid : admit(lane)
    bodies.set(body, end)
    end += body.length
    return [id, wellFormed(name), lane, admission, receivedAt, problemLines(problems), body.length]
  })
  return { rows, bodies }

  function admit (lane: string): Admission {
    const ofLane = admitted.get(lane) ?? 0
    if (!lanes.hasRoom(lane, { events: live, ofLane, bytes: end })) return ofLane > 0 || lanes.has(lane) ? Admission.held : Admission.stored
    admitted.set(lane, ofLane + 1)
    live++
    return Admission.live
  }
}
