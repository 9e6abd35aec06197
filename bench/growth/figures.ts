import type { Slices } from '../cycles.ts'
import { cost, speed, type Slice } from '../slice.ts'
import { quartiles, ratios, sum, type Quartiles } from '../statistics.ts'
import type { GrowthVariant } from './variants.ts'

/** What is known about one size of a file. Ratios of processor time: lower is better, the smallest file is 1. */
export interface GrowthFigures {
  stored: number
  conversations: number
  /** This one's processor time for an event, divided by that with the smallest file. */
  processorTimeRatio: Quartiles
  /** The same of all slices together: what is done only now and then counts as well. */
  overallRatio: number
  microsecondsPerEvent: Quartiles
  requestsPerSecond: Quartiles
}

/** Each slice is compared with that of the same cycle and the same conversations on the smallest file. */
export function growthFigures (slices: Slices<GrowthVariant>): GrowthFigures[] {
  return [...slices].map(([variant, own]) => figuresOf(variant, own, baseOf(variant, slices)))
}

function figuresOf ({ stored, conversations }: GrowthVariant, slices: Slice[], base: Slice[]): GrowthFigures {
  return {
    stored,
    conversations,
    processorTimeRatio: quartiles(ratios(slices.map(cost), base.map(cost))),
    overallRatio: processorTime(slices) / processorTime(base),
    microsecondsPerEvent: quartiles(slices.map(cost)),
    requestsPerSecond: quartiles(slices.map(speed))
  }
}

function baseOf ({ conversations }: GrowthVariant, slices: Slices<GrowthVariant>) {
  const alike = [...slices].filter(([variant]) => variant.conversations === conversations)
  const [smallest] = alike.sort(([a], [b]) => a.stored - b.stored)
  return smallest?.[1] ?? []
}

function processorTime (slices: Slice[]) {
  return sum(slices.map(({ cpu }) => cpu))
}
