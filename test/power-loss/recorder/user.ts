import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import type { EventState, Inbox, NewEvent } from '../../../lib/inbox/inbox.ts'
import type { Mark, Posted } from '../marks.ts'

/** Uses an inbox as the plugin does, and notes what it is told. */
export class User {
  readonly #inbox: Inbox
  readonly #marks: number
  #posted = 0

  /** `marks` is the descriptor of the file where marks are noted. */
  constructor (inbox: Inbox, marks: number) {
    this.#inbox = inbox
    this.#marks = marks
  }

  /** In one write, which is one operation of the recording. */
  note (mark: Mark): void {
    writeSync(this.#marks, JSON.stringify(mark) + '\n')
  }

  /** Posts an event to each of the lanes at the same time: they are one transaction. */
  async post (lanes: readonly string[], size = 200): Promise<string[]> {
    const events = lanes.map((lane) => this.#newEvent(lane, size))
    this.note({ what: 'add', events: events.map(({ id, lane, body }): Posted => ({ id, lane, body: body.toString() })) })
    await Promise.all(events.map(async (event) => {
      if (await this.#inbox.add(event) !== 'accepted') throw new Error(`${event.id} is known`)
      this.note({ what: 'accepted', id: event.id })
    }))
    return events.map(({ id }) => id)
  }

  #newEvent (lane: string, size: number): NewEvent & { body: Buffer } {
    // The process is part of it: two of one scenario must not post the same.
    const text = createHash('sha512').update(`${process.pid} ${this.#posted++}`).digest('base64url').repeat(Math.ceil(size / 86)).slice(0, size)
    const event = { event: 'unheard', text }
    const body = Buffer.from(JSON.stringify(event))
    const id = createHash('sha256').update(body).digest('base64url')
    return { id, name: event.event, lane, state: 'pending', body, event, receivedAt: Date.now(), problems: null }
  }

  /** Claims lanes, settles their events, and waits until that is stored. Of a lane that is to be tried again, that is its first event. */
  async deliver (state: 'done' | 'dead' | 'pending' = 'done', most = 64): Promise<string[]> {
    const deliveries = (await this.#inbox.claim(most)).map((claim) => ({ claim, events: state === 'pending' ? claim.events.slice(0, 1) : claim.events }))
    const ids = deliveries.flatMap(({ events }) => events.map(({ id }) => id))
    for (const id of ids) this.note({ what: 'settle', id, state })
    for (const { claim, events } of deliveries) {
      const error = state === 'done' ? null : 'it does not work'
      await this.#inbox.settle(claim, events.map(({ seq }) => ({ seq, state, dueAt: state === 'pending' ? Date.now() + 3_600_000 : null, completed: [], error })))
    }
    await this.#inbox.stats() // goes with the next transaction, or with one after it
    for (const id of ids) this.note({ what: 'settled', id, state })
    return ids
  }

  async replay (ids: readonly string[]): Promise<void> {
    this.note({ what: 'replay', ids })
    await this.#inbox.replay(ids)
    this.note({ what: 'replayed', ids })
  }

  async discard (ids: readonly string[]): Promise<void> {
    this.note({ what: 'remove', ids })
    await this.#inbox.discard(ids)
    this.note({ what: 'removed', ids })
  }

  async forget (lane: string): Promise<void> {
    this.note({ what: 'forget', lane })
    await this.#inbox.forget(lane)
    this.note({ what: 'forgotten', lane })
  }

  async stateOf (id: string): Promise<EventState | undefined> {
    return (await this.#inbox.get(id))?.state
  }
}
