import { test } from 'tap'
import { found, findVariants } from './find-variants.ts'
import { run } from './run.ts'
import { INVARIANTS } from './world.ts'

findVariants('claims-end', 'closing-ends')

test('every invariant has a fault that violates it', (t) => {
  t.same(found, INVARIANTS)
  t.end()
})

test('a change that no longer fits its file is an error', async (t) => {
  const patch = { file: 'lib/deliver/backoff.ts', from: 'what is not there', to: '' }
  await t.rejects(run({ inbox: 'memory', seed: 1, schedules: 1, most: 1, patch }), { message: /no longer fits lib\/deliver\/backoff\.ts/ })
})
