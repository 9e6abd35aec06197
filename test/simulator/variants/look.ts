import { run } from '../run.ts'
import type { Variant } from './variants.ts'

/** Looks for a fault that was put into the code. Returns which schedule has found it, from 1 on, if one of so many has. */
export async function look ({ inbox, violates, file, from, to }: Variant, { seed, schedules }: { seed: number, schedules: number }): Promise<number | undefined> {
  const report = await run({ inbox, seed, schedules, most: 1, invariant: violates, patch: { file, from, to } })
  return report.findings.length === 0 ? undefined : report.schedules
}
