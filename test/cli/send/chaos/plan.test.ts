import { test } from 'tap'
import { openBodies } from '../../../../lib/cli/send/chaos/bodies.ts'
import { phasesOf } from '../../../../lib/cli/send/chaos/bursts.ts'
import { parseMix } from '../../../../lib/cli/send/chaos/mix.ts'
import { createPlan } from '../../../../lib/cli/send/chaos/plan.ts'
import type { Action, Plan } from '../../../../lib/cli/send/chaos/plan.ts'
import { randomFrom, sample } from '../../../../lib/cli/send/chaos/random.ts'
import { createReceiver } from '../../helpers.ts'
import { chaos } from './receivers.ts'

const ALL = 'repeats=20,reordered=10,delayed=15,truncated=5,forged=8,cut=12,bursts=25'

function plan (mix: string, seed = 1, { count = 1_000, conversations = 20 } = {}): Plan {
  return createPlan({ count, conversations }, { seed, mix: parseMix(mix, true) })
}

function actionsOf ({ phases }: Plan): Action[] {
  return phases.flatMap(({ actions }) => actions)
}

test('a seed makes the same plan again, and another one another', (t) => {
  for (const seed of [0, 1, 2 ** 32 - 1]) t.same(plan(ALL, seed), plan(ALL, seed))
  t.not(JSON.stringify(plan(ALL, 1)), JSON.stringify(plan(ALL, 2)))
  t.end()
})

test('a seed makes the same requests again: nothing in them is of the moment', async (t) => {
  const runs = []
  for (const seed of ['5', '5', '6']) {
    const receiver = await createReceiver(t)
    // What is cut, or ends early, does not always come as far as a receiver that waits for the end of it.
    await chaos(receiver.url, ['--count', '60', '--seed', seed, '--concurrency', '1', '--conversations', '2', '--chaos-mix', 'repeats=20,reordered=20,forged=30'])
    runs.push(receiver.requests.map(({ raw, headers }) => `${String(headers['x-oneroute-signature'])} ${raw.toString()}`))
  }
  const [first, same, other] = runs
  t.same(first, same)
  t.notSame(first, other)
})

test('all documented events are the same for a seed, and none is like another', async (t) => {
  const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: {}, signal: new AbortController().signal }
  const options = {
    to: new URL('http://localhost'),
    secret: undefined,
    timeout: 1,
    content: undefined,
    conversation: undefined,
    conversations: 3,
    count: 10,
    rate: undefined,
    concurrency: 1,
    repeat: false,
    chaos: undefined
  }
  for (const event of ['newMessage', 'smsDeliveryReport', 'test/fixtures/sms-delivery-report.json']) {
    const [one, again] = [await openBodies({ ...options, event, eventName: event }, 1, io), await openBodies({ ...options, event, eventName: event }, 1, io)]
    const bodies = Array.from({ length: 10 }, (_, i) => one(i).toString())
    t.same(bodies, Array.from({ length: 10 }, (_, i) => again(i).toString()), event)
    t.equal(new Set(bodies).size, 10, event)
    const ids = bodies.map((body) => (JSON.parse(body) as { conversation: { id: string } }).conversation.id) // both events have it
    t.same(ids[0], ids[3])
    t.equal(new Set(ids).size, 3)
    t.match(ids[0], /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/)
  }
})

test('there is as much of each kind as was said', (t) => {
  const made = plan(ALL)
  const { bursts, ...counts } = made.counts
  t.same(counts, { repeats: 200, reordered: 100, delayed: 150, truncated: 50, forged: 80, cut: 120 })
  const actions = actionsOf(made)
  const events = actions.filter((action) => action.kind === 'event')
  t.same(events.map(({ index }) => index).sort((a, b) => a - b), Array.from({ length: 1_000 }, (_, i) => i), 'each event once')
  const isRepeated = [...actions.filter(({ kind }) => kind === 'repeat'), ...events.filter(({ twice }) => twice)]
  t.equal(isRepeated.length, 200)
  t.equal(events.filter(({ delay }) => delay !== undefined).length, 150)
  t.equal(events.filter(({ cut }) => cut !== undefined).length, 120)
  t.equal(actions.filter(({ kind }) => kind === 'truncated').length, 50)
  t.equal(actions.filter(({ kind }) => kind === 'forged').length, 80)
  t.equal(made.phases.filter(({ burst }) => burst).length, bursts)
  t.equal(bursts, Math.ceil(Math.ceil(made.actions / 50) / 4))
  t.equal(made.actions, actions.length)
  t.end()
})

test('nothing is what is left of no trouble, and one is the least of some', (t) => {
  t.same(plan('repeats=0').counts, { repeats: 0, reordered: 0, delayed: 0, truncated: 0, forged: 0, cut: 0, bursts: 0 })
  t.same(actionsOf(plan('repeats=0')).map(({ index }) => index), Array.from({ length: 1_000 }, (_, i) => i))
  t.same(plan('repeats=0.01,bursts=0.01').counts, { repeats: 1, reordered: 0, delayed: 0, truncated: 0, forged: 0, cut: 0, bursts: 1 })
  t.same(plan('repeats=100,cut=100,bursts=100', 1, { count: 3 }).counts, { repeats: 3, reordered: 0, delayed: 0, truncated: 0, forged: 0, cut: 3, bursts: 1 })
  t.end()
})

test('what is reordered comes after the next one of its conversation', (t) => {
  const indexes = actionsOf(plan('reordered=10', 3)).map(({ index }) => index)
  const moved = indexes.filter((index, place) => index !== place)
  t.equal(moved.length, 200, 'both of them')
  for (const [place, index] of indexes.entries()) if (index !== place) t.equal(Math.abs(index - place), 20)
  // There is no next one of any.
  t.equal(plan('reordered=100', 1, { count: 20 }).counts.reordered, 0)
  t.end()
})

test('a repeat comes after what it repeats', (t) => {
  const seen = new Set<number>()
  for (const { kind, index } of actionsOf(plan(ALL))) {
    if (kind === 'event') seen.add(index)
    if (kind === 'repeat') t.ok(seen.has(index))
  }
  t.end()
})

test('what is between bursts is one phase', (t) => {
  const actions = actionsOf(plan('repeats=0'))
  for (const percent of [0, 5, 50, 100]) {
    const phases = phasesOf(randomFrom(1), actions, percent)
    t.same(phases.flatMap(({ actions }) => actions), actions)
    t.equal(phases.some(({ burst }, i) => !burst && phases[i + 1]?.burst === false), false)
    for (const { burst, actions } of phases) if (burst) t.ok(actions.length <= 50)
  }
  t.equal(phasesOf(randomFrom(1), actions, 0).length, 1)
  t.equal(phasesOf(randomFrom(1), actions, 100).length, 20)
  t.end()
})

test('numbers are spread evenly, and a sample has none twice', (t) => {
  const random = randomFrom(42)
  const tenths = new Array<number>(10).fill(0)
  for (let i = 0; i < 10_000; i++) {
    const place = Math.floor(random() * 10)
    tenths[place] = (tenths[place] ?? 0) + 1
  }
  for (const many of tenths) t.ok(many > 900 && many < 1_100, String(many))
  t.equal(sample(random, 100, 30).size, 30)
  t.equal(sample(random, 10, 30).size, 10)
  t.end()
})
