import type { Contestant } from './contestant.ts'
import { showProgress } from './progress.ts'
import { requestsOf } from './requests.ts'
import { shuffled } from './shuffled.ts'
import type { Slice } from './slice.ts'
import type { Variant } from './variants.ts'

/** How much is measured. */
export interface Extent {
  /** How often all servers are started anew. */
  rounds: number
  /** How often every server gets its turn in a round. */
  cycles: number
  /** Requests in one turn. */
  slice: number
  /** Requests to every server before the first cycle of a round. */
  warmUp: number
}

/** Each variant's slices, in the order of the cycles. */
export type Slices<V extends Variant> = Map<V, Slice[]>

/** Every round has new processes: one that the engine happened to compile badly, or well, does not decide the result. */
export async function runRounds<V extends Variant> (variants: V[], extent: Extent, start: (variant: V) => Promise<Contestant<V>>) {
  const slices: Slices<V> = new Map(variants.map((variant) => [variant, []]))
  for (let round = 1; round <= extent.rounds; round++) {
    // All servers start before the first turn; outside their turns they are idle.
    const contestants = await Promise.all(variants.map(start))
    await runCycle(contestants, extent.warmUp, () => {})
    for (let cycle = 1; cycle <= extent.cycles; cycle++) {
      showProgress(`round ${round} of ${extent.rounds}, cycle ${cycle} of ${extent.cycles}`)
      await runCycle(contestants, extent.slice, (variant, slice) => slices.get(variant)?.push(slice))
    }
    await Promise.all(contestants.map(({ stop }) => stop()))
  }
  showProgress('')
  return slices
}

/** The order is drawn anew, so that no server always runs in the wake of the same other. */
async function runCycle<V extends Variant> (contestants: Array<Contestant<V>>, size: number, keep: (variant: V, slice: Slice) => void) {
  // Made and signed before the first turn, when no clock runs.
  const kinds = new Set(contestants.map(({ variant }) => variant.requests))
  const requests = new Map([...kinds].map((kind) => [kind, requestsOf[kind](size)]))
  for (const { variant, take } of shuffled(contestants)) {
    keep(variant, await take(requests.get(variant.requests) ?? []))
  }
}
