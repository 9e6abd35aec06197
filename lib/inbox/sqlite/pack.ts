import type { LiveLanes } from './live-lanes.ts'
import { Admission } from './messages.ts'
import type { Adds } from './messages.ts'
import type { PendingAdd } from './outgoing.ts'
import { text } from './text.ts'

/** New events as they are handed over: their bodies in one piece, which is then the other thread's. */
export function pack (pending: readonly PendingAdd[], bytes: number, lanes: LiveLanes): Adds {
  const bodies = Buffer.allocUnsafeSlow(bytes)
  const adds: Adds = { ids: [], names: [], lanes: [], admissions: [], received: [], errors: [], ends: [], bodies }
  const live = new Set<string>()
  let end = 0
  for (const { event: { id, name, state, body, receivedAt, error }, lane } of pending) {
    const admission = state === 'invalid' ? Admission.invalid : admit(lane, lanes, live, end)
    bodies.set(body, end)
    end += body.length
    adds.ids.push(id)
    adds.names.push(text(name))
    adds.lanes.push(lane)
    adds.admissions.push(admission)
    adds.received.push(receivedAt)
    adds.errors.push(error === null ? null : text(error))
    adds.ends.push(end)
  }
  return adds
}

/** `live` are the lanes of which the same batch brings events to memory. */
function admit (lane: string, lanes: LiveLanes, live: Set<string>, bytes: number): number {
  if (lanes.hasRoom(lane, live.size, bytes)) {
    live.add(lane)
    return Admission.live
  }
  return live.has(lane) || lanes.has(lane) ? Admission.held : Admission.stored
}
