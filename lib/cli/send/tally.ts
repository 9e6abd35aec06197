import { createHistogram } from 'node:perf_hooks'
import type { Answer } from './poster.ts'

export interface Group {
  readonly label: string
  count: number
  /** The first answer of the group: a server that refuses a thousand events mostly says the same a thousand times. */
  readonly first: Answer
}

/** Counts answers by their status, and keeps their latencies. */
export class Tally {
  readonly groups = new Map<string, Group>()
  total = 0
  ok = 0
  readonly #microseconds = createHistogram()

  add (answer: Answer): void {
    const group = this.groups.get(answer.label) ?? { label: answer.label, count: 0, first: answer }
    this.groups.set(answer.label, group)
    group.count++
    this.total++
    if (answer.status === 200) this.ok++
    // The histogram holds integers above 0.
    if (answer.status !== undefined) this.#microseconds.record(Math.max(1, Math.round(answer.milliseconds * 1_000)))
  }

  /** Answers, of any status. */
  get answered (): number {
    return this.#microseconds.count
  }

  /** The milliseconds that so many per cent of the answers took at most. */
  percentile (percent: number): number {
    return this.#microseconds.percentile(percent) / 1_000
  }
}
