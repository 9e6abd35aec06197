import { test } from 'tap'
import { run } from '../run.ts'
import type { Invariant } from '../world.ts'
import { look } from './look.ts'
import { variants } from './variants.ts'

/** Schedules in which a fault has to be found. */
const BUDGET = 2_000
const SEED = 1

/** Has the simulator look for each fault that violates this. Without the fault, the same schedule violates nothing. */
export function findVariants (invariant: Invariant, all = variants): void {
  for (const variant of all.filter(({ violates }) => violates === invariant)) {
    test(`${invariant} is violated if ${variant.name}`, async (t) => {
      const { inbox, seed = SEED } = variant
      const found = await look(variant, { seed, schedules: BUDGET })
      if (found === undefined) return t.fail(`no schedule from the seed ${seed} on has found it`)
      t.same((await run({ inbox, seed: seed + found - 1, schedules: 1, most: 1 })).findings, [])
    })
  }
}
