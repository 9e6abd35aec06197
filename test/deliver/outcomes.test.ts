import { test } from 'tap'
import { asOfNow, waiting } from '../../lib/deliver/outcomes.ts'

const HOUR = 3_600_000
const KNOWN = { seq: 1, completed: ['save'], error: null }

test('what waits for collectors waits no longer than for its quiet time, whatever the clock was when that was known', (t) => {
  const before = Date.now()
  t.match(asOfNow(waiting(KNOWN, before + 1_000, 2_000)), { ...KNOWN, state: 'pending', collects: true, dueAt: before + 1_000 }, 'some of it is over')
  const { dueAt } = asOfNow(waiting(KNOWN, before + HOUR, 2_000))
  t.ok(Number(dueAt) >= before + 2_000 && Number(dueAt) <= Date.now() + 2_000, 'the clock was set back')
  const retry = { ...KNOWN, state: 'pending', dueAt: before + HOUR } as const
  t.equal(asOfNow(retry), retry, 'what has failed keeps its time')
  t.end()
})
