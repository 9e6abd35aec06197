import { test } from 'tap'
import { violationsOf } from './batch.ts'
import { kinds } from './kinds.ts'
import type { InboxName } from './kinds.ts'

/** Schedules that have violated something once, as `npm run simulate` prints them. */
const SCHEDULES: ReadonlyArray<readonly [inbox: InboxName, tape: readonly number[], why: string]> = [
  [
    'sqlite',
    [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 0, 0, 0, 41, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 43, 65, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 66, 5],
    'claims-end: the clock was set back while the disk was full, and a retry waited for ever'
  ]
]

for (const [inbox, tape, why] of SCHEDULES) {
  test(`${inbox}, ${why}`, async (t) => {
    t.same(await violationsOf(await kinds[inbox](), tape), [])
  })
}
