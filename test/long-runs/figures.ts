import { createHistogram } from 'node:perf_hooks'
import type { Histogram } from 'node:perf_hooks'

/** A whole number, as a person reads it. */
export function ofAll (value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** The median of those that are there, with the quartiles and the largest. */
export function quartilesOf (values: ReadonlyArray<number | undefined>): string {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  if (known.length === 0) return 'none'
  const at = (share: number) => ofAll(known[Math.min(known.length - 1, Math.floor(share * known.length))] ?? NaN)
  return `median ${at(0.5)}, quartiles ${at(0.25)} and ${at(0.75)}, at most ${at(1)} (${ofAll(known.length)} of ${ofAll(values.length)})`
}

export interface Percentiles {
  readonly p50: number
  readonly p99: number
}

/** Durations, of which a run has too many to keep them all. Milliseconds, to three digits. */
export class Durations {
  #histogram = createHistogram()
  /** Of the whole run, in microseconds. */
  readonly all = createHistogram()

  record (milliseconds: number): void {
    const microseconds = Math.max(1, Math.round(milliseconds * 1_000)) // a histogram takes whole numbers from 1 on
    for (const histogram of [this.#histogram, this.all]) histogram.record(microseconds)
  }

  /** Of those since they were last taken, in milliseconds. */
  take (): Percentiles {
    const taken = percentilesOf(this.#histogram)
    this.#histogram = createHistogram()
    return taken
  }
}

/** The same of all of them. */
export function percentilesOf (histogram: Histogram): Percentiles {
  const at = (percent: number) => histogram.count === 0 ? NaN : histogram.percentile(percent) / 1_000
  return { p50: at(50), p99: at(99) }
}
