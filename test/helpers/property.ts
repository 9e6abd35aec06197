import fc from 'fast-check'

/**
 * What properties are tried with is the same in every run, so that a run tells of the change and not of its luck. `SEED=2 npm run unit` tries
 * them with something else, and `RUNS=10` ten times as long.
 */
const { SEED = '1', RUNS = '1' } = process.env
fc.configureGlobal({ seed: Number(SEED) })

/** How often a property is tried. */
export function runs (times: number): { numRuns: number } {
  return { numRuns: times * Number(RUNS) }
}

export default fc
