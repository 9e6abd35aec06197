import type { mock } from 'node:test'
import type { Claim } from '../../../lib/inbox/inbox.ts'
import { fromNow, idOf, newEvent, outcomeOf } from './events.ts'
import type { Settings } from './events.ts'
import { foundBy } from './found.ts'
import { Lines } from './lines.ts'
import type { Kind } from './lines.ts'
import { idle, LEASE } from './process.ts'
import type { Held, TracedProcess } from './process.ts'
import { changed } from './tables.ts'
import type { LaneRow, Snapshot, Tables } from './tables.ts'

/** Between the numbers of two claims. Each settle of the model takes one, too. */
const APART = 1_000
/** Leases are renewed when so much of them is over. */
const THIRD = LEASE / 3

/** Does to a real inbox what it is told, and writes it down. */
export class Recorder {
  readonly lines: Lines
  readonly settings: Settings
  readonly #tables: Tables
  readonly #timers: typeof mock.timers
  /** The process of each holder, and the number of each claim of a lane. */
  readonly #processes = new Map<string, TracedProcess>()
  readonly #claims = new Map<string, number>()
  #number = 0

  constructor (tables: Tables, timers: typeof mock.timers, settings: Settings, numberOf: (id: string) => number) {
    this.lines = new Lines(numberOf)
    this.settings = settings
    this.#tables = tables
    this.#timers = timers
  }

  async add ({ inbox }: TracedProcess, event: number, lane: string): Promise<void> {
    const isNew = this.#tables.last.events.get(event) === undefined
    await inbox.add(newEvent(event, lane, this.settings.isLong))
    this.lines.add(isNew ? 'add' : 'postedAgain', event, ...isNew ? [`"${lane}"`] : [])
    await this.#look()
  }

  async replay ({ inbox }: TracedProcess, event: number): Promise<void> {
    await inbox.replay([idOf(event)])
    this.lines.add('replayed', event)
    await this.#look()
  }

  async discard ({ inbox }: TracedProcess, event: number): Promise<void> {
    await inbox.discard([idOf(event)])
    this.lines.add('discarded', event)
    await this.#look()
  }

  /** The answer to a claim may be lost. */
  async claim (process: TracedProcess, most: number, isLost = false): Promise<number> {
    const before = this.#tables.last
    process.pool.losesTurn = isLost
    const claims = await process.claim(most)
    process.pool.losesTurn = false
    const after = await this.#tables.look()
    this.lines.add('turn', process.number, this.#next())
    const isNew = (row: LaneRow) => row.claim !== null && !this.#claims.has(keyOf(row))
    for (const row of after.lanes.values()) if (isNew(row)) this.#processes.set(String(row.holder), process)
    const holder = [...this.#processes].find(([, other]) => other === process)?.[0]
    for (const { lane, step } of foundBy(before, after, holder, isNew)) this.#writeClaimed(process, after, lane, step, claims)
    this.#observe(before)
    return claims.length
  }

  #writeClaimed (process: TracedProcess, after: Snapshot, lane: string, step: string, claims: readonly Claim[]): void {
    const { lines } = this
    if (step !== 'claim' && step !== 'claimSuspect') {
      lines.add(step, process.number, lines.lane(lane))
      return
    }
    const number = this.#next()
    const row = after.lanes.get(lane)
    if (row !== undefined) this.#claims.set(keyOf(row), number)
    const claim = claims.find((claim) => claim.lane === lane)
    lines.add(claim === undefined ? 'claimInVain' : step, process.number, lines.lane(lane), number)
    if (claim === undefined) return
    process.claims.add({ number, claim, outcomes: [], open: false, wasHeld: true })
    lines.got(number, claim.events, claim.isHeld === true)
  }

  begin (held: Held): void {
    const event = held.claim.events[held.outcomes.length]
    if (event === undefined) return
    if (event.isDiscarded === true) {
      held.outcomes.push(outcomeOf(event, 'Succeeded'))
      this.lines.add('skips', held.number)
    } else {
      held.open = true
      this.lines.add('begins', held.number)
    }
  }

  /** The event after the last outcome has ended so, or was interrupted. */
  end (held: Held, kind: Kind): void {
    const event = held.claim.events[held.outcomes.length]
    if (event === undefined) return
    const isLast = kind !== 'Succeeded' && event.attempt >= this.settings.attempts
    held.outcomes.push(outcomeOf(event, isLast ? 'GivenUp' : kind))
    if (event.interrupted === true) this.lines.add('countsInterrupted', held.number, kind)
    else if (kind === 'Succeeded') this.lines.add('succeeds', held.number)
    else this.lines.add('fails', held.number, kind)
    held.open = false
  }

  /** The answer may be lost: then it is settled again. */
  async settle (process: TracedProcess, held: Held, isLost = false): Promise<void> {
    process.claims.delete(held)
    process.pool.losesTurn = isLost
    await process.inbox.settle(held.claim, held.outcomes.map(fromNow))
    await process.flush().catch(() => {})
    process.pool.losesTurn = false
    if (isLost) {
      this.lines.add('settlesInVain', held.number)
      await this.#look()
      await process.flush()
    }
    this.lines.add('settles', held.number)
    await this.#look()
  }

  /** A lease passes. Processes that stand still do not renew theirs. */
  async pass (processes: readonly TracedProcess[]): Promise<void> {
    const before = this.#tables.last
    for (let third = 0; third < 3; third++) {
      await this.#tables.pass(THIRD)
      this.#timers.tick(THIRD)
      await idle(processes)
    }
    const after = await this.#tables.look()
    const alive = processes.filter(({ isAlive }) => isAlive)
    for (const { number, claims, pool } of alive) if (!pool.isStalled && claims.size > 0) this.lines.add('renew', number)
    for (const held of alive.filter(({ pool }) => pool.isStalled).flatMap(({ claims }) => [...claims])) {
      if (held.wasHeld && held.claim.isHeld === false) this.lines.add('expiresHere', held.number)
    }
    for (const row of after.lanes.values()) this.#writePassed(before.lanes.get(row.lane), row)
    for (const held of alive.flatMap(({ claims }) => [...claims])) this.#writeHeld(held)
    this.#observe(before)
  }

  #writePassed (was: LaneRow | undefined, { lane, due, overdue, claim }: LaneRow): void {
    if (was === undefined || (was.due === due && was.overdue === overdue)) return
    if (claim === null) this.lines.add('become', this.lines.lane(lane), overdue)
    else if (due) this.lines.add('expire', this.lines.lane(lane))
  }

  #writeHeld (held: Held): void {
    const isHeld = held.claim.isHeld === true
    if (held.wasHeld !== isHeld) this.lines.got(held.number, held.claim.events, isHeld)
    held.wasHeld = isHeld
  }

  crash (process: TracedProcess): void {
    process.crash()
    this.lines.add('crash', process.number)
  }

  async close (process: TracedProcess): Promise<void> {
    for (const { claim, outcomes } of process.claims) await process.inbox.settle(claim, outcomes.map(fromNow))
    process.claims.clear()
    await process.close()
    this.lines.add('close', process.number)
    await this.#look()
  }

  async #look (): Promise<void> {
    const { last } = this.#tables
    await this.#tables.look()
    this.#observe(last)
  }

  /** Writes down what has changed in the tables. */
  #observe (before: Snapshot): void {
    const { last } = this.#tables
    const events = changed(before.events, last.events)
    const lanes = changed(before.lanes, last.lanes)
    for (const row of events.rows) this.lines.event(row)
    for (const event of events.gone) this.lines.add('isGone', event)
    for (const row of lanes.rows) this.lines.row(row, this.#processes.get(String(row.holder))?.number ?? 0, this.#claims.get(keyOf(row)) ?? 0)
    for (const lane of lanes.gone) this.lines.noRow(lane)
  }

  /** All that the tables have at the end. */
  finish (): void {
    this.#observe({ events: new Map(), lanes: new Map() })
    this.lines.lines.push('hasEnded')
  }

  #next (): number {
    this.#number += APART
    return this.#number
  }
}

const keyOf = ({ holder, claim, lane }: LaneRow) => `${String(holder)} ${String(claim)} ${lane}`
