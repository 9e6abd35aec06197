import type { Slice } from './contestant.ts'
import { median, quartiles, type Quartiles } from './statistics.ts'
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
  /** Medians of the slices' percentiles, in microseconds, with 64 requests always under way. */
  latency: { p50: number, p99: number }
  /** The server's processor time by the time on the clock: near 1, or the client was in the way. */
  coreBusy: number
}

/** Each slice is compared with the bare route's slice of the same cycle, because the machine's speed drifts. */
export function figuresOf (variant: Variant, slices: Slice[], bareSlices: Slice[]): Figures {
  return {
    name: variant.name,
    title: variant.title,
    processorTimeRatio: quartiles(ratios(bareSlices.map(cost), slices.map(cost))),
    requestsPerSecondRatio: quartiles(ratios(slices.map(speed), bareSlices.map(speed))),
    microsecondsPerRequest: quartiles(slices.map(cost)),
    requestsPerSecond: quartiles(slices.map(speed)),
    latency: {
      p50: median(slices.map(({ latency }) => latency.p50)),
      p99: median(slices.map(({ latency }) => latency.p99))
    },
    coreBusy: median(slices.map(({ cpu, wall }) => cpu / wall))
  }
}

function cost ({ cpu, requests }: Slice) {
  return cpu / requests
}

function speed ({ requests, wall }: Slice) {
  return requests / wall * 1_000_000
}

function ratios (dividends: number[], divisors: number[]) {
  return dividends.map((dividend, cycle) => dividend / (divisors[cycle] ?? NaN))
}
