import { test } from 'tap'
import { Alarm } from '../../../lib/inbox/sql/alarm.ts'

/** By a clock that stands still unless it is set. */
const DUE = 1_000_000

test('an alarm rings in time also if the clock is set back meanwhile, and what is due stays so', async (t) => {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  const rung = Promise.withResolvers<undefined>()
  const alarm = new Alarm(() => { rung.resolve(undefined) })
  Date.now = () => DUE
  alarm.set(DUE)
  t.equal(alarm.isDue, true)
  alarm.set(DUE + 20)
  t.equal(alarm.isDue, false)
  Date.now = () => 0
  await rung.promise // or the test does not end
  t.equal(alarm.isDue, true)
  Date.now = () => -DUE
  t.equal(alarm.isDue, true)
})

test('one that comes to be due while it is looked at rings all the same', async (t) => {
  const { now } = Date
  const ownNow = performance.now.bind(performance)
  t.teardown(() => {
    Date.now = now
    performance.now = ownNow
  })
  const rung = Promise.withResolvers<undefined>()
  const alarm = new Alarm(() => { rung.resolve(undefined) })
  let looks = 0
  // The third look is that of the timer.
  Date.now = () => ++looks <= 3 ? DUE - 1 : DUE
  performance.now = () => 0
  alarm.set(DUE)
  await rung.promise // or the test does not end
  t.ok(looks > 3)
})
