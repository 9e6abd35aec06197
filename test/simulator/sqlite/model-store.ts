import { COLLECT } from '../../../lib/inbox/sql/next-lane.ts'
import { Added, Admission, READY } from '../../../lib/inbox/sqlite/lane-owner.ts'
import type { AddedRow, Adds, Call, Done, Failed, Method, Opening, Removed, Results, Work } from '../../../lib/inbox/sqlite/messages.ts'
import { Trial } from '../../../lib/inbox/sqlite/store/suspects.ts'
import type { Row } from '../kind.ts'
import type { Engine } from './engine.ts'
import { isPending, rowOf } from './model-event.ts'
import type { ModelEvent } from './model-event.ts'
import { ModelLanes } from './model-lanes.ts'
import type { ModelLane } from './model-lanes.ts'
import { ModelSuspects } from './model-suspects.ts'

/**
 * What the store does, without SQL: a thousand times as fast to open. test/simulator/sqlite/model-store.test.ts has both do the same, and
 * compares each answer.
 */
export class ModelStore implements Engine {
  /** In the order of their numbers: one that is replayed is put at the end. */
  readonly #events = new Map<number, ModelEvent>()
  readonly #places = new Map<string, ModelLane>()
  readonly #suspects = new ModelSuspects(this.#events, this.#places)
  readonly #lanes = new ModelLanes(this.#events, this.#places, this.#suspects)
  #seq = 0
  /** When the newest event came in. */
  #received = 0
  #clean = true
  #maxBacklog = 0

  open ({ held, restarted = false, maxBacklog }: Opening): { nextDue: number | null, recovering: boolean } {
    const wasClean = this.#clean
    this.#maxBacklog = maxBacklog
    this.#clean = false
    if (restarted) this.#suspects.endTrials(held)
    else if (!wasClean) this.#suspects.recover([...this.#lanes.lanes.values()].filter(({ kind }) => kind === 'checkedOut').map(({ lane }) => lane))
    const recovering = !restarted && (!wasClean || this.#suspects.exist())
    this.#lanes.recover(held, this.#received, Date.now())
    return { nextDue: this.#lanes.nextDue(), recovering }
  }

  run ({ now, done, failed, givenBack, settledAt, adds, calls }: Work): Done {
    this.#lanes.look()
    for (const seq of done) this.#done(seq)
    for (const outcome of failed) this.#settle(outcome, now)
    this.#lanes.goOn(now)
    for (const lane of givenBack) this.#lanes.giveBack(lane)
    this.#lanes.follow(now, settledAt)
    const added = this.#add(adds, now)
    const results = calls.map((call) => this.#call(call, now))
    this.#lanes.goOn(now)
    return { kind: 'done', added, results, nextDue: this.#lanes.nextDue() }
  }

  close (): void {
    this.#suspects.endTrials()
    this.#clean = true
  }

  crash (): void {
    // All of it is committed.
  }

  rows (): Row[] {
    return Array.from(this.#events.values(), rowOf)
  }

  #done (seq: number): void {
    const event = this.#events.get(seq)
    if (event !== undefined && isPending(event)) Object.assign(event, { state: 'done', attempts: 1, trial: null })
  }

  #settle ({ seq, state, attempts, due, completed, aside = false, collects = false, stays = false, lane }: Failed, now: number): void {
    const event = this.#events.get(seq)
    if (event === undefined || !isPending(event)) return
    if (state !== 'pending') {
      Object.assign(event, { state, attempts, due: null, completed, trial: null })
      return
    }
    const strong = event.trial === Trial.interrupted ? Trial.strong : null
    if (collects) {
      if (stays && lane === undefined && event.since !== null) {
        Object.assign(event, { completed, trial: strong })
        return
      }
      Object.assign(event, { attempts: 0, due, completed, trial: lane === undefined ? strong : null, since: null, home: event.home ?? event.lane })
      if (lane === undefined || event.lane === lane) return
      Object.assign(event, { lane, state: 'waiting' })
      this.#lanes.collect(lane, due ?? now)
      return
    }
    Object.assign(event, { attempts, due, completed, trial: strong, since: event.since ?? now, home: aside ? event.home ?? event.lane : event.home })
    if (lane === undefined || event.lane === lane) return
    Object.assign(event, { lane, state: 'waiting' })
    this.#lanes.add(lane, due ?? READY)
  }

  #add ({ rows, bodies }: Adds, now: number): number[] {
    let start = 0
    return rows.map((row) => {
      const [,,,,,, size] = row
      const body = Buffer.from(bodies.subarray(start, start += size)).toString()
      return this.#addOne(row, body, now)
    })
  }

  #addOne ([id, , lane, admission, received, problems, , collectAfter]: AddedRow, body: string, now: number): number {
    const known = this.#find(id)
    const givesWay = known?.state === 'dead' || (known?.state === 'invalid' && problems === null)
    if (known !== undefined && !givesWay) return Added.duplicate
    const count = (fits: (event: ModelEvent) => boolean) => [...this.#events.values()].filter(fits).length
    const invalid = count(({ state }) => state === 'invalid')
    const sameKind = admission === Admission.invalid ? invalid : count(isPending)
    if (sameKind >= this.#maxBacklog || (problems !== null && invalid >= this.#maxBacklog)) return Added.full
    if (known !== undefined) this.#events.delete(known.seq)
    if (problems === null) this.#received = Math.max(this.#received, received)
    const seq = ++this.#seq
    const added = { seq, id, body, received, attempts: 0, completed: null, problems, since: null, trial: null }
    if (collectAfter !== undefined && admission !== Admission.invalid && !this.#lanes.lanes.has(lane)) {
      const [place, due] = [COLLECT + lane, Math.max(1, Math.min(received, now) + collectAfter)]
      this.#events.set(seq, { ...added, lane: place, state: 'waiting', due, home: lane })
      this.#lanes.collect(place, due)
      return Added.stored
    }
    const isLive = admission === Admission.live && !this.#lanes.lanes.has(lane)
    const state = admission === Admission.invalid ? 'invalid' : isLive ? 'live' : 'waiting'
    this.#events.set(seq, { ...added, lane, state, due: null, home: null })
    if (state !== 'waiting') return isLive ? seq : Added.stored
    const isCheckedOut = admission === Admission.checkedOut
    return this.#lanes.add(lane, isCheckedOut ? null : READY) && isCheckedOut ? Added.checkedOut : Added.stored
  }

  #call (call: Call, now: number): Results[Method] {
    switch (call.method) {
      case 'claim': return this.#lanes.claim(call.lanes, now)
      case 'replay': return this.#replay(call.ids, call.all)
      case 'discard': return this.#remove(({ id }) => call.ids.includes(id))
      case 'forget': return { ...this.#remove(({ lane, home }) => lane === call.lane || home === call.lane), after: null }
      case 'inOrder': return call.ids.map((id) => this.#find(id)).filter((event) => event !== undefined).map(({ id, seq }) => ({ id, seq }))
      default: throw new Error(`${call.method} is not simulated`)
    }
  }

  #replay (ids: readonly string[], all: boolean): Results['replay'] {
    const wanted = [...this.#events.values()].filter((event) => ids.includes(event.id) && !isPending(event))
    const lanes = wanted.map((event) => {
      const isInvalid = event.state === 'invalid'
      const completed = event.state === 'dead' && !all ? withoutRefused(event.completed) : null
      this.#events.delete(event.seq)
      Object.assign(event, {
        seq: ++this.#seq, state: 'waiting', attempts: 0, due: null, since: null, lane: event.home ?? event.lane, home: null, completed, problems: isInvalid ? null : event.problems
      })
      this.#events.set(event.seq, event)
      return event.lane
    })
    return { count: wanted.length, lanes: [...new Set(lanes)].filter((lane) => this.#lanes.add(lane, null)) }
  }

  #remove (isMeant: (event: ModelEvent) => boolean): Removed {
    const removed = [...this.#events.values()].filter(isMeant)
    for (const { seq } of removed) this.#events.delete(seq)
    const pending = removed.filter(isPending).map(({ seq, lane }) => ({ seq, lane }))
    for (const lane of new Set(pending.map(({ lane }) => lane))) this.#lanes.shrink(lane)
    return { count: removed.length, pending }
  }

  #find (id: string): ModelEvent | undefined {
    return [...this.#events.values()].find((event) => event.id === id)
  }
}

/** Those who asked not to be called again are called again after a replay. */
function withoutRefused (completed: string | null): string | null {
  return completed === null ? null : JSON.stringify({ completed: (JSON.parse(completed) as { completed: unknown }).completed }) // as `listenersJson` has made it
}
