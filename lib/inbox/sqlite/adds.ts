import { BacklogFullError } from '../../errors/errors.ts'
import type { NewEvent } from '../inbox.ts'
import { problemLines } from '../sql/rows.ts'
import { wellFormed } from '../sql/well-formed.ts'
import type { Batch } from './calls.ts'
import type { Deliveries } from './deliveries.ts'
import { Added, Admission } from './lane-owner.ts'
import type { AddedRow, Work } from './messages.ts'

/** Bytes of bodies that may wait for a disk that is slow or stands still. */
const MOST_WAITING = 67_108_864
const NONE: readonly never[] = []

interface PendingAdd {
  readonly event: NewEvent
  /** As it is stored. */
  readonly lane: string
  readonly resolve: (status: 'accepted' | 'duplicate') => void
  readonly reject: (error: unknown) => void
}

/** New events, from when they come in until they are stored and, if memory has room for them, can be delivered. */
export class Adds {
  readonly #deliveries: Deliveries
  readonly #waiting: PendingAdd[] = []
  #bytes = 0

  constructor (deliveries: Deliveries) {
    this.#deliveries = deliveries
  }

  get isEmpty (): boolean {
    return this.#waiting.length === 0
  }

  /** Not an async function: its promise would be a second one for each event. */
  add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    return new Promise((resolve, reject) => {
      if (this.#bytes + event.body.length > MOST_WAITING) throw new BacklogFullError()
      this.#bytes += event.body.length
      this.#waiting.push({ event, lane: wellFormed(event.lane), resolve, reject })
    })
  }

  /** All that wait, for one transaction. */
  next (): Batch<Work['adds'], number> {
    const batch = this.#waiting.splice(0)
    const work = this.#pack(batch)
    this.#bytes = 0
    return {
      work,
      answer: (added) => { batch.forEach((pending, i) => { this.#answer(pending, added[i]) }) },
      reject: (error) => { for (const { reject } of batch) reject(error) }
    }
  }

  /** As they are handed over: their bodies in one piece, which is then the other thread's. */
  #pack (batch: readonly PendingAdd[]): Work['adds'] {
    const bodies = Buffer.allocUnsafeSlow(this.#bytes)
    const admitted = new Map<string, number>()
    let live = 0
    let end = 0
    const admit = (lane: string) => {
      const ofLane = admitted.get(lane) ?? 0
      if (!this.#deliveries.hasRoom(lane, { events: live, ofLane, bytes: end })) return ofLane > 0 || this.#deliveries.has(lane) ? Admission.checkedOut : Admission.stored
      admitted.set(lane, ofLane + 1)
      live++
      return Admission.live
    }
    const rows = batch.map(({ event: { id, name, state, body, receivedAt, problems, collectAfter }, lane }): AddedRow => {
      // What memory has of its lane comes first.
      const waits = collectAfter !== undefined && !admitted.has(lane) && !this.#deliveries.has(lane)
      const admission = state === 'invalid' ? Admission.invalid : waits ? Admission.stored : admit(lane)
      bodies.set(body, end)
      end += body.length
      const row = [id, wellFormed(name), lane, admission, receivedAt, problemLines(problems), body.length] as const
      return waits ? [...row, collectAfter] : row
    })
    return { rows, bodies }
  }

  #answer ({ event, lane, resolve, reject }: PendingAdd, added: number | undefined): void {
    if (added === Added.full) {
      reject(new BacklogFullError())
      return
    }
    // One that is invalid is in no lane.
    const isWaiting = added === Added.stored && event.state !== 'invalid'
    if (added === Added.checkedOut || (isWaiting && this.#deliveries.has(lane))) this.#deliveries.markCheckedOut(lane)
    if (added !== undefined && added >= 0) {
      const { id, name, receivedAt, body, problems } = event
      this.#deliveries.push(lane, { seq: added, id, name, event: event.event, receivedAt, attempt: 1, completed: NONE, problems, home: null, size: body.length })
    }
    resolve(added === Added.duplicate ? 'duplicate' : 'accepted')
  }
}
