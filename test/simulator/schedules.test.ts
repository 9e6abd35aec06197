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
  ],
  [
    'sqlite',
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 47, 55, 0, 0, 0, 59, 0, 0, 1, 0, 60],
    'claims-end: all of a lane was discarded before delivery began, and what came into it meanwhile waited for the next event'
  ],
  [
    'sqlite',
    [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 47, 0, 0, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 66, 2, 0, 0, 63, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 48, 2, 0, 0, 45, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0, 1, 0, 1],
    'repeats: the next process had the file before it was known that the one before had closed it, with a full disk'
  ],
  [
    'sqlite',
    [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 9, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 53, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 59, 1, 45, 0, 0, 0, 57, 0, 0, 0, 0, 0, 0, 0, 49, 1, 0, 0, 0, 0, 47, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 43, 0, 0, 0, 0, 0, 0, 1, 0, 1],
    'repeats: the same, with a transaction that failed'
  ],
  [
    'sqlite',
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 58, 0, 1, 1, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 59],
    'claims-end: while the store was not there, each claim asked for a transaction at once, and the app did nothing else'
  ],
  [
    'sqlite',
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 49, 0, 1, 0, 0, 0, 23, 58, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 54, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 41, 0, 2, 65, 1, 0, 2, 0, 0, 61, 1],
    'claims-end: the clock was set back in the moment in which a retry was due, before it was asked for'
  ],
  [
    'sqlite',
    [0, 1, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 49, 0, 1, 0, 0, 0, 56, 0, 0, 56, 0, 0, 0, 0, 0, 0, 53, 0, 0, 0, 0, 50, 0, 1, 0, 0, 0, 0, 0, 26, 0, 0, 41, 59, 0, 0, 0, 0, 0, 2, 49, 0, 1, 1, 0, 0, 0, 2, 47, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26, 0, 64],
    'repeats: an invalid event had a lane taken for checked out, and after the end of the thread it was given back although memory had it'
  ]
]

for (const [inbox, tape, why] of SCHEDULES) {
  test(`${inbox}, ${why}`, async (t) => {
    t.same(await violationsOf(await kinds[inbox](), tape), [])
  })
}
