import { mock } from 'node:test'
import { test } from 'tap'
import { WaitingBursts } from '../../lib/deliver/waiting-bursts.ts'
import { collectorOf } from '../../lib/webhooks/collectors.ts'

// Both clocks stand still until a test says how late it is.
mock.timers.enable({ apis: ['Date'], now: 1_000_000_000_000 })
mock.method(performance, 'now', () => Date.now() - 999_999_000_000)

/** When an event is due, in a conversation. Times are in seconds from the start. */
function create () {
  const start = Date.now()
  const waiting = new WaitingBursts()
  const collector = collectorOf('newMessage', { quiet: 10_000, within: 15_000 }, () => {})
  return (id: string, receivedAt: number, now = receivedAt) => {
    mock.timers.setTime(start + now * 1_000)
    return receivedAt + waiting.waitOf('a', { id, receivedAt: start + receivedAt * 1_000 }, [collector]) / 1_000
  }
}

test('an event is due with its burst: after the quiet time, or `within` of the first one of it', (t) => {
  const dueAt = create()
  t.same([dueAt('1', 0), dueAt('2', 4), dueAt('3', 5), dueAt('4', 14)], [10, 14, 15, 15])
  t.end()
})

test('it is so whenever its listener is through with it', (t) => {
  const dueAt = create()
  t.same([dueAt('1', 0, 14), dueAt('2', 10, 14), dueAt('3', 13, 20)], [10, 15, 23], 'what came in 20 seconds ago is of a burst of its own')
  t.end()
})

test('what came in longer ago is nothing to it: others have handed that over', (t) => {
  const dueAt = create()
  t.same([dueAt('1', 0), dueAt('2', 3_600), dueAt('3', 3_601)], [10, 3_610, 3_611])
  t.end()
})
