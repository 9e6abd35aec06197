import { test } from 'tap'
import { isDue } from '../../lib/testing/is-due.ts'
import type { Waiting } from '../../lib/testing/is-due.ts'

const NOW = 1_000
const event = (dueAt: number, attempts = 0): Waiting => ({ dueAt, attempts, isCollected: false })
const collected = (dueAt: number, attempts = 0): Waiting => ({ dueAt, attempts, isCollected: true })

test('of a conversation the oldest event counts, and of what waits for collectors the newest', (t) => {
  const cases: Array<[queue: Waiting[], isDue: boolean, what: string]> = [
    [[event(NOW)], true, 'one that is due'],
    [[event(NOW + 1)], false, 'one that is to come'],
    [[event(NOW), event(NOW + 1, 1)], false, 'one behind a retry'],
    [[event(NOW + 1), event(NOW)], true, 'the oldest'],
    [[collected(NOW)], true, 'a burst of one'],
    [[collected(NOW + 1), collected(NOW)], false, 'a burst that goes on'],
    [[collected(NOW), collected(NOW - 1)], true, 'a burst that is over'],
    [[collected(NOW + 1), collected(NOW), collected(NOW - 1)], false, 'one that goes on for longer'],
    [[collected(NOW + 2), collected(NOW), collected(NOW + 1)], true, 'one that was filled'],
    [[collected(NOW + 1), collected(NOW, 1)], true, 'a retry'],
    [[collected(NOW), collected(NOW + 1, 1)], false, 'behind a retry']
  ]
  for (const [queue, expected, what] of cases) t.equal(isDue(queue, NOW), expected, what)
  t.end()
})
