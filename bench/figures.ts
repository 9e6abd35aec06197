import { cost, speed, type Slice } from './slice.ts'
import { median, percentile, quartiles, ratios, sum, type Quartiles } from './statistics.ts'
import type { Variant } from './variants.ts'

/** What is known about one variant after all cycles. Ratios: higher is better, the bare route is 1. */
export interface Figures {
  name: string
  title: string
  /** The bare route's processor time for a request, divided by this one's. */
  processorTimeRatio: Quartiles
  /** This one's requests per second, divided by the bare route's. */
  requestsPerSecondRatio: Quartiles
  microsecondsPerRequest: Quartiles
  requestsPerSecond: Quartiles
  /** PostgreSQL's processor time for a request, over all slices, in microseconds; 0 if it has no part in it, or cannot be seen. */
  postgresPerRequest: number
  /** Medians of the slices' percentiles, in microseconds, with 64 requests always under way. */
  latency: { p50: number, p99: number }
  /** The 99th percentile of the event loop's delay over all slices, in microseconds: by how much timers of 1 ms were late. */
  loopDelay: number
  /** The most that the server had in memory after a slice, in bytes. */
  memory: number
  /** The server's processor time by the time on the clock: near 1, or the client, or the disk, was in the way. */
  coreBusy: number
}

/** Each slice is compared with the bare route's slice of the same cycle. */
export function figuresOf (variant: Variant, slices: Slice[], bareSlices: Slice[]): Figures {
  return {
    name: variant.name,
    title: variant.title,
    processorTimeRatio: quartiles(ratios(bareSlices.map(cost), slices.map(cost))),
    requestsPerSecondRatio: quartiles(ratios(slices.map(speed), bareSlices.map(speed))),
    microsecondsPerRequest: quartiles(slices.map(cost)),
    requestsPerSecond: quartiles(slices.map(speed)),
    postgresPerRequest: sum(slices.map(({ others }) => others)) / sum(slices.map(({ requests }) => requests)),
    latency: {
      p50: median(slices.map(({ latency }) => latency.p50)),
      p99: median(slices.map(({ latency }) => latency.p99))
    },
    loopDelay: percentile(Float64Array.from(slices.flatMap(({ loopDelays }) => loopDelays)), 0.99),
    memory: Math.max(...slices.map(({ memory }) => memory)),
    coreBusy: median(slices.map(({ cpu, wall }) => cpu / wall))
  }
}
