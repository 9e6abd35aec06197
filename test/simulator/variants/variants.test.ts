import { existsSync } from 'node:fs'
import { test } from 'tap'
import { collectVariants } from '../collecting/variants/variants.ts'
import { postgresVariants } from '../postgres/variants/variants.ts'
import { run } from '../run.ts'
import { INVARIANTS } from '../world.ts'
import { variants } from './variants.ts'

test('every invariant has a fault that violates it', (t) => {
  t.same(INVARIANTS.filter((invariant) => ![...variants, ...postgresVariants, ...collectVariants].some(({ violates }) => violates === invariant)), [])
  t.end()
})

test('every fault has a test file that looks for it', (t) => {
  for (const [folder, all] of [['.', variants], ['../postgres/variants', postgresVariants], ['../collecting/variants', collectVariants]] as const) {
    for (const { name, violates } of all) t.ok(existsSync(new URL(`${folder}/${violates}.test.ts`, import.meta.url)), name)
  }
  t.end()
})

test('a change that no longer fits its file is an error', async (t) => {
  const patch = { file: 'lib/deliver/backoff.ts', from: 'what is not there', to: '' }
  await t.rejects(run({ inbox: 'memory', seed: 1, schedules: 1, most: 1, patch }), { message: /no longer fits lib\/deliver\/backoff\.ts/ })
})
