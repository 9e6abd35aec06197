import { test } from 'tap'
import { Alarm } from '../../../lib/inbox/sql/alarm.ts'

/** By a clock that stands still unless it is set. */
const DUE = 1_000_000

test('an alarm rings again if the clock was set back after it had been due', async (t) => {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  const rung = Promise.withResolvers<undefined>()
  const alarm = new Alarm(() => { rung.resolve(undefined) })
  Date.now = () => DUE
  alarm.set(DUE)
  t.equal(alarm.isDue, true)
  Date.now = () => DUE - 1
  alarm.renew()
  Date.now = () => DUE
  await rung.promise // or the test does not end
})
