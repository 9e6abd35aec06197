import { test } from 'tap'
import { run } from '../run.ts'
import { harmless } from './variants/variants.ts'

const SCHEDULES = { 'sqlite-collect': 60, 'postgres-collect': 20 }
const SEED = 1

for (const { name, ...patch } of harmless) {
  for (const inbox of ['sqlite-collect', 'postgres-collect'] as const) {
    test(`nothing is violated with ${inbox} if ${name}`, async (t) => {
      t.same((await run({ inbox, seed: SEED, schedules: SCHEDULES[inbox], most: 1, patch })).findings, [])
    })
  }
}
