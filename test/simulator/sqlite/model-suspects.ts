import { COLLECT } from '../../../lib/inbox/sql/next-lane.ts'
import { Trial } from '../../../lib/inbox/sqlite/store/suspects.ts'
import type { ModelEvent } from './model-event.ts'
import type { ModelLane } from './model-lanes.ts'

const NO_LANE = { kind: 'ready', at: 0 } as const

/** Which events may have ended their process: `Suspects`, without SQL. In a small world, one lane is on trial at a time. */
export class ModelSuspects {
  readonly #events: ReadonlyMap<number, ModelEvent>
  readonly #lanes: ReadonlyMap<string, ModelLane>

  constructor (events: ReadonlyMap<number, ModelEvent>, lanes: ReadonlyMap<string, ModelLane>) {
    this.#events = events
    this.#lanes = lanes
  }

  /** A process has ended without closing: `checkedOut` are the lanes that memory had from the store. */
  recover (checkedOut: readonly string[]): void {
    const begun = this.#begun()
    for (const event of begun) event.trial = event.trial === Trial.alone || begun.length === 1 ? Trial.interrupted : Trial.strong
    const live = [...Map.groupBy(this.#of('live'), ({ lane }) => lane)]
    for (const [, [first]] of live) if (first !== undefined) first.trial ??= Trial.suspect
    for (const lane of checkedOut) {
      const first = this.#of('waiting').find((event) => event.lane === lane)
      if (first !== undefined && !live.some(([name]) => name === lane)) first.trial ??= Trial.suspect
    }
    this.#moveUp()
  }

  /** What waits for collectors is tried together. */
  #moveUp (): void {
    for (const [lane, suspects] of Map.groupBy(this.#those(({ lane }) => lane.startsWith(COLLECT)), ({ lane }) => lane)) {
      const first = this.#of('waiting').find((event) => event.lane === lane)
      const trials = suspects.map(({ trial }) => trial)
      const strongest = [Trial.interrupted, Trial.strong].find((trial) => trials.includes(trial)) ?? Trial.suspect
      for (const event of suspects) event.trial = null
      if (first !== undefined) first.trial = strongest
    }
  }

  /** These trials have not ended the process: all, or those of lanes that are not under way any more. */
  endTrials (underWay: readonly string[] = []): void {
    for (const event of this.#begun()) if (!underWay.includes(event.lane)) event.trial = event.trial === Trial.alone ? Trial.strong : Trial.suspect
  }

  /** Its lane is given back, and it was not delivered. */
  giveBack (lane: string): void {
    for (const event of this.#begun()) if (event.lane === lane) event.trial = event.trial === Trial.alone ? Trial.strong : Trial.suspect
  }

  exist (): boolean {
    return this.#those(() => true).length > 0
  }

  room (isStrong: boolean, now: number): number {
    const isLater = ({ kind, at }: Pick<ModelLane, 'kind' | 'at'>) => kind === 'retry' && at > now
    const isDue = ({ trial, lane }: ModelEvent) => trial === Trial.alone || (trial === Trial.strong && !isLater(this.#lanes.get(lane) ?? NO_LANE))
    if (!isStrong && this.#those(isDue).length > 0) return 0
    return Math.max(0, 1 - this.#those(({ trial }) => trial === Trial.begun || trial === Trial.interrupted || trial === Trial.alone).length)
  }

  try (event: ModelEvent, now: number): boolean {
    if (event.trial === Trial.interrupted) return true
    if (this.room(event.trial === Trial.strong, now) === 0) return false
    event.trial = event.trial === Trial.strong ? Trial.alone : Trial.begun
    return true
  }

  #begun (): ModelEvent[] {
    return this.#those(({ trial }) => trial === Trial.begun || trial === Trial.alone)
  }

  #those (fits: (event: ModelEvent) => boolean): ModelEvent[] {
    return [...this.#events.values()].filter((event) => event.trial !== null && fits(event))
  }

  #of (state: ModelEvent['state']): ModelEvent[] {
    return [...this.#events.values()].filter((event) => event.state === state)
  }
}
