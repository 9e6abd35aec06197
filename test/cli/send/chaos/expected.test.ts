import { test } from 'tap'
import { BAD_REQUEST, EXPECTED, INCOMPLETE, saidOf, UNAUTHORIZED, waitOf } from '../../../../lib/cli/send/chaos/expected.ts'
import { perform } from '../../../../lib/cli/send/chaos/perform.ts'
import { createPlan } from '../../../../lib/cli/send/chaos/plan.ts'
import { parseMix } from '../../../../lib/cli/send/chaos/mix.ts'

function answer (status: number | undefined, detail = '', label = String(status)) {
  return { status, detail, label, milliseconds: 1 }
}

const ACCEPTED = answer(200, '{"status":"accepted"}')
const DUPLICATE = answer(200, '{"status":"duplicate"}')

test('what a receiver says is only known if it says it as this plugin does', (t) => {
  t.equal(saidOf(ACCEPTED), 'accepted')
  for (const detail of ['', 'OK', '3', 'null', '[]', '{}', '{"status":1}']) t.equal(saidOf(answer(200, detail)), undefined, detail)
  t.equal(saidOf(answer(503, '{"status":"accepted"}')), undefined)
  t.end()
})

test('which answers will do', (t) => {
  const ok = answer(200, 'OK')
  const cases = [
    { expected: EXPECTED.accepted, good: [ACCEPTED, ok], bad: [DUPLICATE, answer(202), answer(500), answer(undefined)] },
    { expected: EXPECTED.duplicate, good: [DUPLICATE, ok], bad: [ACCEPTED, answer(409), answer(undefined)] },
    { expected: EXPECTED.either, good: [ACCEPTED, DUPLICATE, ok], bad: [answer(204), answer(undefined)] },
    { expected: UNAUTHORIZED, good: [answer(401)], bad: [ok, answer(400), answer(403), answer(undefined)] },
    { expected: BAD_REQUEST, good: [answer(400), answer(401)], bad: [ok, answer(500), answer(undefined)] },
    { expected: INCOMPLETE, good: [answer(400), answer(401), answer(408), answer(undefined, '', 'ECONNRESET')], bad: [ok, answer(500), answer(undefined, '', 'timeout')] }
  ]
  for (const { expected: { text, fits }, good, bad } of cases) {
    for (const one of good) t.equal(fits(one), true, `${text}: ${one.label}`)
    for (const one of bad) t.equal(fits(one), false, `${text}: ${one.label}`)
  }
  t.end()
})

test('only 503 with Retry-After says when to come again', (t) => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const wait = (status: number, retryAfter?: string) => waitOf({ ...answer(status), retryAfter }, now)
  t.equal(wait(503, '5'), 5_000)
  t.equal(wait(503, 'Thu, 01 Jan 2026 00:00:07 GMT'), 7_000)
  t.equal(wait(503, 'Wed, 31 Dec 2025 23:00:00 GMT'), 0)
  t.equal(wait(503, 'soon'), undefined)
  t.equal(wait(503), undefined)
  t.equal(wait(500, '5'), undefined)
  t.end()
})

test('a lane is taken one after another, unless more workers than lanes are asked for', async (t) => {
  for (const [concurrency, expected] of [[2, 1], [4, 2]] as const) {
    const plan = createPlan({ count: 40, conversations: 2 }, { seed: 1, mix: parseMix('repeats=0', false) })
    const busy = [0, 0]
    let most = 0
    let taken = 0
    await perform(plan, { rate: undefined, concurrency, conversations: 2 }, new AbortController().signal, async ({ lane }) => {
      busy[lane] = (busy[lane] ?? 0) + 1
      most = Math.max(most, ...busy)
      taken++
      await Promise.resolve()
      busy[lane] = (busy[lane] ?? 0) - 1
    })
    t.equal(taken, 40)
    t.equal(most, expected)
  }
  // Without a number of conversations there is one.
  const order: number[] = []
  await perform(createPlan({ count: 5, conversations: undefined }, { seed: 1, mix: parseMix('repeats=0', false) }), { rate: undefined, concurrency: 1, conversations: undefined }, new AbortController().signal, async ({ index }) => { order.push(index) })
  t.same(order, [0, 1, 2, 3, 4])
})
