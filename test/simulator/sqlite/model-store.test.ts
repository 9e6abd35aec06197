import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { install, runSchedule } from '../schedule.ts'
import { Tape } from '../tape.ts'
import { BothStores } from './both-stores.ts'
import { sqliteWith } from './kind.ts'

const SCHEDULES = 40
const SEED = 1

test('the model of the store answers as the real one does', async (t) => {
  const folder = t.testdir()
  const kind = sqliteWith(() => new BothStores(mkdtempSync(join(folder, 'store-'))))
  const uninstall = install(kind)
  t.teardown(uninstall)
  for (let seed = SEED; seed < SEED + SCHEDULES; seed++) {
    const { violations } = await runSchedule(kind, Tape.from(seed, 200)) // rejects if they differ
    t.same(violations, [], `seed ${seed}`)
  }
})
