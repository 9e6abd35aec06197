import { Clock } from './clock.ts'
import type { Task } from './clock.ts'
import { nameOf } from './events.ts'
import type { Planned } from './events.ts'
import { turn } from './globals.ts'
import type { InboxKind, SimulatedStore } from './kind.ts'
import { Ledger } from './ledger.ts'
import { Life } from './life.ts'
import { collectorsFrom, moodFrom, settingsFrom } from './settings.ts'
import type { CollectorSettings, Settings } from './settings.ts'
import type { Tape } from './tape.ts'

export const INVARIANTS = ['nothing-lost', 'order', 'attempts', 'repeats', 'claims-end', 'closing-ends', 'nothing-uncaught', 'exactly-once', 'bursts', 'in-time'] as const
export type Invariant = typeof INVARIANTS[number]

export interface Violation {
  readonly invariant: Invariant
  readonly text: string
}

/** Something that was asked of a process and is not answered yet. */
interface Ask {
  readonly life: Life
  readonly what: string
}

interface Answered<T> {
  readonly done?: (result: T) => void
  readonly failed?: (error: unknown) => void
}

/** All that a schedule consists of. */
export class World {
  readonly clock = new Clock()
  readonly tape: Tape
  readonly kind: InboxKind
  readonly settings: Settings
  readonly collectors: readonly CollectorSettings[]
  /** Whether listeners seldom fail. */
  readonly isCalm: boolean
  readonly ledger: Ledger
  readonly store: SimulatedStore
  readonly lives: Life[] = []
  readonly violations: Violation[] = []
  /** What has happened, and how often. */
  readonly counts = new Map<string, number>()
  /** What has happened, as lines to be read, if anybody wants to. */
  readonly lines: string[] | undefined
  readonly asks = new Set<Ask>()
  /** The events that were posted, by id. */
  readonly posted = new Map<string, Planned>()
  /** Whether a fault has happened that may keep what is settled from being stored at the end. */
  wasFaulty = false
  /** By how much the clock was set back, in milliseconds, and whether it was set at all. */
  setBack = 0
  wasClockSet = false

  constructor (kind: InboxKind, tape: Tape, { trace = false } = {}) {
    this.kind = kind
    this.tape = tape
    this.lines = trace ? [] : undefined
    const settings = settingsFrom(tape)
    this.collectors = kind.collects === true ? collectorsFrom(tape) : []
    const { isCalm, listens } = kind.collects === true ? moodFrom(tape) : { isCalm: false, listens: true }
    this.isCalm = isCalm
    this.settings = listens ? settings : { ...settings, listeners: 0 }
    this.say(() => JSON.stringify(kind.collects === true ? { ...this.settings, collectors: this.collectors } : this.settings, (_key, value: unknown) => value === Infinity ? 'Infinity' : value))
    this.ledger = new Ledger(this)
    this.store = kind.open(this)
  }

  random (): number {
    return this.tape.choose(4) / 4
  }

  count (what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  say (line: () => string): void {
    this.lines?.push(`${this.clock.now} ${line()}`)
  }

  violate (invariant: Invariant, text: string): void {
    this.violations.push({ invariant, text })
    this.say(() => `VIOLATION of ${invariant}: ${text}`)
  }

  nameOf (id: string): string {
    return this.posted.get(id)?.name ?? nameOf(id)
  }

  isInvalid (id: string): boolean {
    return this.posted.get(id)?.isInvalid === true
  }

  /** The processes that may be asked something. */
  get up (): Life[] {
    return this.lives.filter((life) => life.state === 'up' && !this.clock.stopped.has(life))
  }

  get alive (): Life[] {
    return this.lives.filter(({ isAlive }) => isAlive)
  }

  /** Nothing of a process runs until it goes on. */
  standStill (life: Life): void {
    this.say(() => `process ${life.number} stands still`)
    this.clock.stopped.add(life)
  }

  goOn (life: Life): void {
    if (this.clock.stopped.delete(life)) this.say(() => `process ${life.number} goes on`)
  }

  start (): void {
    const life = new Life(this.lives.length + 1, this)
    this.say(() => `process ${life.number} starts`)
    this.lives.push(life)
    this.clock.owner = life
    life.open()
  }

  crash (life: Life): void {
    this.count('process ends')
    this.say(() => `process ${life.number} ends, and closes nothing`)
    life.crash()
    for (const ask of this.asks) if (ask.life === life) this.asks.delete(ask)
  }

  /** Notes that something is asked for until it is answered, however that may be. */
  ask<T> (life: Life, what: string, answer: Promise<T>, { done, failed }: Answered<T> = {}): void {
    if (life.isOver) return // a listener has ended it, before the answer was even asked for
    const ask = { life, what }
    this.asks.add(ask)
    answer.then((result) => {
      if (life.isOver) return
      this.say(() => `    [${life.number}] ${what}: ${String(result)}`)
      done?.(result)
    }, (error: unknown) => {
      if (life.isOver) return
      this.say(() => `    [${life.number}] ${what}: ${String(error)}`)
      failed?.(error)
    }).finally(() => {
      this.asks.delete(ask)
    })
  }

  /** What may run next. */
  tasks (): readonly Task[] {
    const tasks = [...this.clock.due(), ...this.store.tasks()]
    return this.clock.stopped.size === 0 ? tasks : tasks.filter(({ owner }) => !this.clock.stopped.has(owner))
  }

  /** Runs something, and all that follows from it without waiting for anything else. */
  async run (owner: Task['owner'], work: () => void): Promise<void> {
    this.clock.owner = owner
    work()
    await turn()
    if (owner instanceof Life && owner.isOver) this.clock.forget(owner) // what it made in the moment of its end
  }
}
