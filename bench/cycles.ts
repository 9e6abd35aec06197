import { startContestant, type Contestant, type Slice } from './contestant.ts'
import type { Options } from './options.ts'
import { requestsOf } from './requests.ts'
import type { Variant } from './variants.ts'

/** Each variant's slices, in the order of the cycles. */
export type Slices = Map<Variant, Slice[]>

/** Every round has new processes: one that the engine happened to compile badly, or well, does not decide the result. */
export async function runRounds (options: Options): Promise<Slices> {
  const slices: Slices = new Map(options.variants.map((variant) => [variant, []]))
  for (let round = 1; round <= options.rounds; round++) {
    // All servers start before the first turn; outside their turns they are idle.
    const contestants = await Promise.all(options.variants.map(startContestant))
    await runCycle(contestants, options.warmUp, () => {})
    for (let cycle = 1; cycle <= options.cycles; cycle++) {
      showProgress(`round ${round} of ${options.rounds}, cycle ${cycle} of ${options.cycles}`)
      await runCycle(contestants, options.slice, ({ variant }, slice) => slices.get(variant)?.push(slice))
    }
    await Promise.all(contestants.map(({ stop }) => stop()))
  }
  showProgress('')
  return slices
}

/** The order is drawn anew, so that no server always runs in the wake of the same other. */
async function runCycle (contestants: Contestant[], size: number, keep: (contestant: Contestant, slice: Slice) => void) {
  // Made and signed before the first turn, when no clock runs.
  const requests = { oneRoute: requestsOf.oneRoute(size), gitHub: requestsOf.gitHub(size) }
  for (const contestant of shuffled(contestants)) {
    keep(contestant, await contestant.take(requests[contestant.variant.provider]))
  }
}

function shuffled<T> (values: T[]) {
  return values
    .map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value)
}

function showProgress (text: string) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}
