import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import { firstDeliveries, lostOf, overlapping, overtaking, unordered } from '../faults/helpers/deliveries.ts'
import type { Delivered } from '../faults/helpers/messages.ts'
import { Batches } from './bodies/batches.ts'
import { startReceiver } from './bodies/receiver.ts'
import { broken, BROKEN } from './broken/variants.ts'
import { rowsOf } from './kills/rows.ts'
import { readOptions } from './options.ts'
import { Observation } from './recovery/observation.ts'

/** What listeners of conversation a have noted: '1 start 0 @5' is that process 1 began with event 0 at 5 ms. */
function lines (...texts: string[]): Delivered[] {
  return texts.map((text) => {
    const [, pid, what = '', n, at] = /^(\d) (\w+) (\d) @(\d+)$/.exec(text) ?? []
    return { what: what as Delivered['what'], conversation: 'a', n: Number(n), attempt: 1, pid: Number(pid), at: Number(at) } // as they are written below
  })
}

test('what must not be is found in what listeners have noted', async (t) => {
  const firsts = (...texts: string[]) => firstDeliveries(lines(...texts))
  t.same(lostOf(new Map([['a', 3]]), firsts('1 start 0 @1', '1 start 2 @2')), ['a: 1 is lost'])
  t.same(lostOf(new Map([['a', 1]]), firsts('1 start 0 @1')), [])
  t.same(unordered(firsts('1 start 1 @1', '1 start 0 @2', '1 start 1 @3', '1 start 2 @4')), ['a: 0 after 1'])
  t.same(overtaking(lines('1 start 0 @1', '1 failed 0 @2', '1 start 1 @3')), ['a: 1 before 0 was through'])
  t.same(overtaking(lines('1 start 0 @1', '1 failed 0 @2', '1 start 0 @3', '1 done 0 @4', '1 start 1 @5')), [])
})

test('two deliveries of a conversation are side by side, unless the process of the first was killed before the second', async (t) => {
  const taken = lines('1 start 0 @1', '2 start 0 @9', '2 done 0 @10')
  t.same(overlapping(taken), ['a: 0 while 0 ran'])
  t.same(overlapping(taken, [{ pid: 1, at: 10, endedAt: 10 }]), ['a: 0 while 0 ran'])
  t.same(overlapping(taken, [{ pid: 1, at: 5, endedAt: 6 }]), [])
  t.same(overlapping(taken, [{ pid: 1, at: 0, endedAt: 6 }]), [], 'it was called between the signal and its end')
  t.same(overlapping(taken, [{ pid: 1, at: 5, endedAt: 6 }, { pid: 1, at: 20, endedAt: 21 }]), [], 'a later process has its number')
  t.same(overlapping(lines('1 start 0 @1', '1 done 0 @2', '2 start 1 @3')), [])
})

test('a row of a kill says what was under way, and when it was delivered again', async (t) => {
  const noted = lines('1 start 0 @1', '1 done 0 @2', '1 start 1 @3', '2 start 0 @30', '2 done 0 @31', '2 start 1 @40', '2 done 1 @41', '2 start 2 @42', '3 start 2 @70')
  const kills = [{ pid: 1, at: 10, accepted: 2 }, { pid: 2, at: 50, accepted: 5 }, { pid: 3, at: 90, accepted: 5 }]
  t.match(rowsOf(noted, kills, 0), [
    { kill: 1, seconds: 0.01, accepted: 2, underWay: 1, again: 2, first: 20, firstAgain: 20 },
    { kill: 2, seconds: 0.05, accepted: 3, underWay: 1, again: 1, first: 20, firstAgain: 20 },
    { kill: 3, accepted: 0, underWay: 1, again: 0, first: undefined, firstAgain: undefined }
  ])
})

/** Of the receiver, and of what is wrong with it. */
async function problemsOf (t: Test, replace: string | undefined, signed: boolean): Promise<string[]> {
  const batches = new Batches(t, 1)
  await batches.post(await startReceiver(t, await broken(replace, memoryInbox()), signed), 50)
  return batches.problems
}

for (const signed of [true, false]) {
  test(`bodies that are ${signed ? '' : 'not '}signed find an inbox that changes what is delivered, and nothing in one that does not`, async (t) => {
    t.same(await problemsOf(t, undefined, signed), [])
    t.match(await problemsOf(t, BROKEN.coerces, signed), [/^batch 0: delivered as another event; headers .*, body in base64 /])
  })
}

test('the rate is back at the beginning of the first second that has enough of it', async (t) => {
  const traffic = { waiting: new Map([['a: 0', { postedAt: 0, answered: true }], ['a: 1', { postedAt: 0, answered: false }]]), onAnswer: (_at: number, _postedAt: number) => {}, onDelivered: (_key: string, _at: number) => {} }
  const observation = new Observation(traffic, 4, 1_000)
  t.equal(observation.underWay, 1)
  traffic.onDelivered('b: 0', 990)
  traffic.onAnswer(1_050, 999)
  traffic.onAnswer(1_100, 1_001)
  for (const at of [1_500, 2_400, 2_700, 2_800]) traffic.onDelivered(`b: ${at}`, at)
  t.match(observation, { answered: 100, delivered: 500, rate: undefined })
  traffic.onDelivered('b: 5', 2_900)
  t.match(observation, { rate: 1_400, caughtUp: undefined, isOver: false })
  traffic.onDelivered('a: 0', 3_000)
  t.match(observation, { interrupted: 2_000, caughtUp: 2_000, isOver: true })
})

test('a run says how to run it again', async (t) => {
  t.match(readOptions(['kills', '--inbox', 'postgres', '--kills', '3', '--seed', '8']), { command: 'npm run long-run -- kills --inbox postgres --kills 3 --seed 8', seed: 8, inboxes: ['postgres'] })
  const { seed = NaN, command } = readOptions(['bodies']) ?? {}
  t.equal(command, `npm run long-run -- bodies --seed ${seed}`)
  t.equal(readOptions(['--help']), undefined)
  for (const args of [[], ['nothing'], ['kills', '--inbox', 'memory'], ['kills', '--rate', '0'], ['kills', '--broken', 'x'], ['steady', '--broken', 'memory'], ['recovery', '--broken', 'memory'], ['kills', '--other']]) t.throws(() => readOptions(args))
})
