import { test } from 'tap'
import { run } from '../run.ts'
import type { Invariant } from '../world.ts'
import { variants } from './variants.ts'

/** Schedules in which a fault has to be found. */
const BUDGET = 2_000
const SEED = 1

/** Has the simulator look for each fault that violates this. */
export function findVariants (invariant: Invariant, all = variants): void {
  for (const { name, inbox, violates, seed = SEED, ...patch } of all.filter(({ violates }) => violates === invariant)) {
    test(`${violates} is violated if ${name}`, async (t) => {
      const { findings, schedules } = await run({ inbox, seed, schedules: BUDGET, most: 1, invariant, patch })
      t.equal(findings[0]?.violation.invariant, violates)
      t.comment(`found in schedule ${schedules}`)
    })
  }
}
