import { mock } from 'node:test'
import { test } from 'tap'
import type { ClaimedEvent } from '../../index.ts'
import { backoff, nextTry } from '../../lib/deliver/backoff.ts'
import { retryDirectiveOf } from '../../lib/deliver/retry-directive.ts'
import { RetryAfterError } from '../../lib/errors/errors.ts'
import { resolveOptions } from '../../lib/webhooks/options.ts'

const NOTHING = retryDirectiveOf(undefined)

// The clock stands still: a busy machine would be seen in what is due in so many milliseconds.
mock.timers.enable({ apis: ['Date'], now: 1_000_000_000_000 })

test('an event is tried again by time: it leaves its lane after `blockFor`, and is dead after `giveUpAfter` or its attempts', async (t) => {
  const { retry } = resolveOptions({})
  const at = (attempt: number, failingFor: number) => {
    const { dueAt, aside } = nextTry({ attempt, failingFor } as ClaimedEvent, [NOTHING], retry) // all it looks at
    return { in: dueAt === null ? null : Math.round((dueAt - Date.now()) / 100) / 10, aside }
  }
  const first = at(1, 0)
  t.ok(Number(first.in) >= 0.4 && Number(first.in) <= 1 && !first.aside)
  t.equal(at(6, 899_000).in, 1, 'once more just before it leaves')
  t.ok(Number(at(7, 899_999).in) >= 299)
  t.ok(at(7, 899_999).aside)
  t.equal(at(7, 600_000).in, 300, 'what falls beyond the limit is tried at it')
  t.equal(at(1_000, 259_199_000).in, 1)
  t.equal(at(1_000, 259_200_000).in, null)
  t.same(nextTry({ attempt: 3 } as ClaimedEvent, [NOTHING], { ...retry, attempts: 3 }), { dueAt: null, aside: false })
  const never = resolveOptions({ retry: { blockFor: Infinity, giveUpAfter: Infinity } }).retry
  t.match(nextTry({ attempt: 1_000, failingFor: 1e12 } as ClaimedEvent, [NOTHING], never), { dueAt: Number, aside: false })
})

test('a listener says when it is to be called again: not before the latest of them, not sooner than the shortest delay, and never too late', (t) => {
  const { retry } = resolveOptions({})
  const event = { attempt: 5, failingFor: 10_000 } as ClaimedEvent // all it looks at
  const now = Date.now()
  const after = (when: number | Date) => retryDirectiveOf(new RetryAfterError(when))
  const dueIn = (...words: Parameters<typeof nextTry>[1]) => {
    const { dueAt, aside } = nextTry(event, words, retry)
    return { in: dueAt === null ? null : Math.round((dueAt - now) / 1_000), aside }
  }
  t.same(dueIn(after(60_000), after(new Date(now + 120_000))), { in: 120, aside: false })
  t.same(dueIn(after(3_600_000)), { in: 3_600, aside: true }, 'its conversation does not wait so long')
  for (const when of [4 * 86_400_000, Infinity, Number.MAX_VALUE]) t.same(dueIn(after(when)), { in: null, aside: false }, 'dead by then')
  t.ok(Number(dueIn(after(0)).in) <= 1)
  t.ok(Number(dueIn(after(0), NOTHING).in) >= 40, 'another one has its usual delay')
  for (const unknown of [NaN, new Date(NaN)]) t.equal(after(unknown).notBefore, null)
  t.end()
})

test('a delay grows by the factor up to the longest one, less a jitter of up to half of it', (t) => {
  const { retry } = resolveOptions({ retry: { minDelay: 100, maxDelay: 1_000, factor: 2 } })
  t.same([1, 2, 3, 4, 5, 100].map((attempts) => backoff(attempts, retry, 0)), [100, 200, 400, 800, 1_000, 1_000])
  t.same([0, 0.5, 1].map((random) => backoff(2, retry, random)), [200, 150, 100])
  t.equal(backoff(1, { ...retry, minDelay: 3 }, 1), 2, 'a whole number')
  const delays = Array.from({ length: 100 }, () => backoff(1, retry))
  t.ok(delays.every((delay) => delay >= 50 && delay <= 100) && new Set(delays).size > 1)
  t.end()
})

test('each limit is exact', (t) => {
  const random = mock.method(Math, 'random', () => 0)
  t.teardown(() => { random.mock.restore() })
  const retry = { minDelay: 100, maxDelay: 100, factor: 1, blockFor: 1_000, giveUpAfter: 10_000, attempts: 5 }
  const next = (failingFor: number, attempt = 1, directive = NOTHING) => nextTry({ attempt, failingFor } as ClaimedEvent, [directive], retry) // all it looks at
  const after = (delay: number) => retryDirectiveOf(new RetryAfterError(delay))
  const NEVER = { dueAt: null, aside: false }

  t.same(next(9_950), NEVER, 'half of the shortest delay is left')
  t.same(next(9_949), { dueAt: 1_000_000_000_051, aside: true })
  t.notSame(next(0, 4), NEVER)
  t.same(next(0, 5), NEVER)
  t.match(next(949), { aside: false })
  t.same(next(949).dueAt, 1_000_000_000_051, 'once more just before it leaves its lane')
  t.match(next(950), { aside: true })
  t.ok(Number(next(950).dueAt) >= 1_000_000_000_050 && Number(next(950).dueAt) <= 1_000_000_000_100)

  t.same(next(0, 1, after(1_000)), { dueAt: 1_000_000_001_000, aside: false }, 'it waits just as long as its lane does')
  t.same(next(0, 1, after(1_001)), { dueAt: 1_000_000_001_001, aside: true })
  t.same(next(0, 1, after(10_000)), { dueAt: 1_000_000_010_000, aside: true }, 'a last time, when it would be dead')
  t.same(next(0, 1, after(10_001)), NEVER)
  t.same(next(500, 1, after(9_501)), NEVER)
  t.match(next(500, 1, after(9_500)), { dueAt: 1_000_000_009_500 })
  t.same(nextTry({ attempt: 1 } as ClaimedEvent, [], retry), NEVER, 'nobody is to be called again')
  t.end()
})
