import { test } from 'tap'
import { run } from './run.ts'
import { variants } from './variants.ts'
import { INVARIANTS } from './world.ts'
import type { Invariant } from './world.ts'

/** Schedules in which a fault has to be found: most are in the first ten. */
const BUDGET = 2_000
const SEED = 1

/** Has the simulator look for each fault that violates one of these. */
export function findVariants (...invariants: readonly Invariant[]): void {
  for (const { name, inbox, violates, ...patch } of variants.filter(({ violates }) => invariants.includes(violates))) {
    test(`${violates} is violated if ${name}`, async (t) => {
      const { findings, schedules } = await run({ inbox, seed: SEED, schedules: BUDGET, most: 1, invariant: violates, patch })
      t.equal(findings[0]?.violation.invariant, violates)
      t.comment(`found in schedule ${schedules}`)
    })
  }
}

/** Whether every invariant has a fault that it finds. */
export const found: readonly Invariant[] = INVARIANTS.filter((invariant) => variants.some(({ violates }) => violates === invariant))
