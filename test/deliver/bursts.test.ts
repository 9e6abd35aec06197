import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import type { Claim, ClaimedEvent, CollectOptions, DeliveryError, DeliveryMessage, NewMessage, WebhooksOptions } from '../../index.ts'
import { firstBurst } from '../../lib/deliver/burst.ts'
import { ListenerRunner } from '../../lib/deliver/listener-runner.ts'
import { WaitingBursts } from '../../lib/deliver/waiting-bursts.ts'
import { NonRetriableError, RetryAfterError } from '../../lib/errors/errors.ts'
import { EventCatalogue } from '../../lib/events/catalogue.ts'
import { RequestContexts } from '../../lib/observe/request-contexts.ts'
import { collectorOf } from '../../lib/webhooks/collectors.ts'
import { resolveOptions } from '../../lib/webhooks/options.ts'
import { until } from '../faults/helpers/until.ts'
import { message } from '../helpers/app.ts'
import { emitter } from './helpers/emitter.ts'

const HOUR = 3_600_000
const AGO = Date.now() - HOUR
const RETRY = { minDelay: HOUR, maxDelay: HOUR, blockFor: Infinity }

let seq = 0

function waiting (more: Partial<ClaimedEvent> = {}): ClaimedEvent {
  const event = message('a', `${++seq}`)
  return { seq, id: `id ${seq}`, name: 'newMessage', event, receivedAt: AGO, attempt: 1, completed: [], problems: null, collectedFrom: 'a', ...more }
}

const claimOf = (events: readonly ClaimedEvent[], more: Partial<Claim> = {}): Claim => ({ lane: 'collect:a', events, ...more })

function create (options: WebhooksOptions = {}) {
  const lines: Array<Record<string, unknown>> = []
  const stream = { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } } // as pino writes it
  const { log } = Fastify({ logger: { level: 'debug', stream } })
  const webhooks = emitter()
  const errors: DeliveryError[] = []
  webhooks.on('error', (error) => { errors.push(error) })
  const bursts: string[][] = []
  const runner = new ListenerRunner({ webhooks, log, catalogue: new EventCatalogue({}), options: resolveOptions({ retry: RETRY, ...options }), durable: true, contexts: new RequestContexts() })
  return {
    runner,
    webhooks,
    errors,
    lines,
    log,
    bursts,
    collect: (options: CollectOptions = {}, act: () => void = () => {}) => webhooks.collect('newMessage', options, function answer (events) {
      bursts.push(events.map(({ message: { content } }) => String(content)))
      act()
    })
  }
}

const textsOf = (events: readonly ClaimedEvent[]) => events.map(({ event }) => String((event as NewMessage).message.content))

test('what is in a burst depends on when its events came in', (t) => {
  const at = (...times: number[]) => times.map((time) => waiting({ receivedAt: AGO + time }))
  const burstOf = (options: CollectOptions, ...times: number[]) => {
    const { events, completeAt } = firstBurst(at(...times), collectorOf('newMessage', options, () => {}))
    return [events.map(({ receivedAt }) => receivedAt - AGO), completeAt === null ? null : completeAt - AGO]
  }
  const OPTIONS = { quiet: 10, within: 25, most: 4 }
  t.same(burstOf(OPTIONS, 0), [[0], 10])
  t.same(burstOf(OPTIONS, 0, 10, 20), [[0, 10, 20], 25], 'within')
  t.same(burstOf(OPTIONS, 0, 5), [[0, 5], 15], 'quiet')
  t.same(burstOf(OPTIONS, 0, 11), [[0], null])
  t.same(burstOf(OPTIONS, 0, 10, 20, 26), [[0, 10, 20], null])
  t.same(burstOf(OPTIONS, 0, 1, 2, 3), [[0, 1, 2, 3], null])
  t.same(burstOf(OPTIONS, 0, 1, 2, 3, 4), [[0, 1, 2, 3], null])
  t.same(burstOf(OPTIONS, 5, 0, 3), [[5, 0, 3], 13], 'by a clock that was set back')
  t.same(burstOf(OPTIONS, 11, 0), [[11], 21], 'an old one that was replayed says nothing of what comes in')
  t.same(burstOf(OPTIONS, 11, 12, 13, 14, 0), [[11, 12, 13, 14], null])
  const [events, completeAt] = burstOf({ quiet: 10 }, 2 * HOUR)
  t.same(events, [2 * HOUR])
  t.ok(Number(completeAt) <= Date.now() - AGO + 10, 'a time that is to come is taken for now')
  t.end()
})

test('a collector that returns no promise is through at once, and one that fails has its burst again', async (t) => {
  const { runner, bursts, errors, collect } = create()
  let works = false
  collect({}, () => { if (!works) throw new Error('not yet') })
  const events = [waiting(), waiting()]
  const failed = await runner.collect(claimOf(events))
  t.match(failed, { outcomes: events.map(({ seq }) => ({ seq, state: 'pending', completed: [], refused: [], error: 'answer: not yet', aside: false, delivery: { failures: [{ listener: 'answer' }] } })), dueAt: Number })
  t.match(errors, [{ listener: 'answer', dead: false, context: { ids: events.map(({ id }) => id), attempt: 1 }, event: events[0]?.event }])
  works = true
  t.same(runner.collect(claimOf(events)), { outcomes: events.map(({ seq }) => ({ seq, state: 'done', dueAt: null, completed: ['collect:answer'], refused: [], error: null })) })
  t.same(bursts, [textsOf(events), textsOf(events)])
})

test('nothing is said of what is behind a burst, nor is what is not collected touched', async (t) => {
  const { runner, bursts, collect } = create()
  collect({ most: 2 })
  const events = [waiting(), waiting(), waiting(), waiting({ collectedFrom: undefined })]
  const { outcomes, dueAt } = await runner.collect(claimOf(events))
  t.match([outcomes.length, dueAt], [2, undefined])
  t.same(bursts, [textsOf(events.slice(0, 2))])
})

test('while no burst is complete the lane waits; what was received later by another clock, no longer than `within`', async (t) => {
  const { runner, bursts, collect } = create()
  collect({ quiet: 200, within: 200 })
  const events = [waiting({ receivedAt: Date.now() + HOUR })]
  const waits: number[] = []
  while (bursts.length === 0) {
    const { outcomes, dueAt } = await runner.collect(claimOf(events))
    if (outcomes.length === 0) waits.push(Number(dueAt) - Date.now())
  }
  t.ok(waits.length > 0)
  t.ok(Math.max(...waits) <= 200)
})

test('what may follow is waited for as long as a quiet time, but for a suspect', async (t) => {
  const { runner, bursts, collect } = create()
  collect({ quiet: 20 })
  const events = [waiting()]
  t.match(await runner.collect(claimOf(events, { isFollowed: true })), { outcomes: { length: 0 }, dueAt: Number })
  t.same(bursts, [])
  while (bursts.length === 0) await runner.collect(claimOf(events, { isFollowed: true }))
})

test('what was removed, or is of no collector any more, is through; what was refused before makes the others dead of it', async (t) => {
  const { runner, bursts, collect, lines } = create()
  const removed = waiting({ isDiscarded: true })
  t.same(await runner.collect(claimOf([removed, waiting()])), { outcomes: [removed.seq, seq].map((seq) => ({ seq, state: 'done', dueAt: null, completed: [], ...seq === removed.seq ? {} : { refused: [] }, error: null })) })
  t.match(lines.map(({ level, msg }) => [level, msg]), [[20, 'no collector wants this event any more'], [40, /^events of this name have waited for a collector/], [20, String]])
  t.match(await runner.collect(claimOf([waiting()])), { outcomes: [{ state: 'done' }] })
  t.equal(lines.length, 4, 'once for each name')
  collect({ quiet: HOUR, within: HOUR })
  const late = waiting({ receivedAt: Date.now(), refused: ['save'] })
  const gone = waiting({ receivedAt: Date.now(), isDiscarded: true })
  t.match(await runner.collect(claimOf([late, gone])), { outcomes: [{ seq: late.seq, state: 'pending', collects: true, refused: ['save'], dueAt: Number }, { seq: gone.seq, state: 'done' }] })
  const refused = waiting({ refused: ['save'] })
  t.match(await runner.collect(claimOf([refused])), { outcomes: [{ state: 'dead', completed: ['collect:answer'], error: 'save: it failed for good in an earlier delivery' }] })
  t.equal(bursts.length, 1)
})

test('each collector has its part in what becomes of an event', async (t) => {
  const { runner, webhooks, collect } = create()
  collect({}, () => { throw new NonRetriableError('never') })
  webhooks.collect('event', {}, async function other () { throw new Error('not yet') })
  webhooks.collect('newMessage', { quiet: HOUR * 2, within: HOUR * 2 }, () => {})
  const event = waiting({ attempt: 2 })
  t.match(await runner.collect(claimOf([event])), {
    outcomes: [{ state: 'pending', collects: undefined, refused: ['collect:answer'], error: 'answer: never; other: not yet', delivery: { attempt: 2, failures: [{ listener: 'answer' }, { listener: 'other' }] } }], dueAt: Number
  })
  const again = waiting({ refused: ['collect:answer'], completed: ['collect:other'] })
  t.match(await runner.collect(claimOf([again])), { outcomes: { length: 0 } })
})

test('several collectors that fail with one event are called again together: when the last of them is due, and beside its conversation if one of them says so', async (t) => {
  const { runner, webhooks } = create({ timeout: 1, retry: { ...RETRY, minDelay: 1, maxDelay: 1, blockFor: HOUR } })
  webhooks.collect('newMessage', {}, async function first () { throw new Error('not yet') })
  webhooks.collect('newMessage', {}, async function second () { throw new RetryAfterError(2 * HOUR) })
  webhooks.collect('newMessage', {}, async function third () { await new Promise(() => {}) })
  const { outcomes: [outcome] } = await runner.collect(claimOf([waiting()]))
  t.match(outcome, { state: 'pending', aside: true, running: true })
  t.ok(Number(outcome?.dueAt) > Date.now() + HOUR)
})

test('collectors that fail with the same event are called again together, each with all of its burst', async (t) => {
  const { runner, webhooks } = create({ retry: { ...RETRY, minDelay: 1, maxDelay: 1, blockFor: HOUR } })
  const calls: string[] = []
  const fail = (name: string, most: number, error: () => Error) => webhooks.collect('newMessage', { most }, Object.defineProperty((events: readonly NewMessage[]) => {
    calls.push(`${name} ${events.length}`)
    throw error()
  }, 'name', { value: name }))
  fail('all', 20, () => new Error('not yet'))
  fail('one', 1, () => new RetryAfterError(2 * HOUR))
  const { outcomes } = await runner.collect(claimOf([waiting(), waiting(), waiting()]))
  t.same(calls, ['all 3', 'one 1'])
  t.equal(new Set(outcomes.map(({ dueAt, aside }) => `${String(dueAt)} ${String(aside)}`)).size, 1)
  t.match(outcomes, Array.from({ length: 3 }, () => ({ state: 'pending', aside: true })))
  const { runner: other, webhooks: others } = create({ retry: { ...RETRY, minDelay: 1, maxDelay: 1, blockFor: HOUR } })
  others.collect('newMessage', {}, function all () { throw new Error('not yet') })
  others.collect('smsDeliveryReport', {}, function reports () { throw new RetryAfterError(2 * HOUR) })
  const report = waiting({ name: 'smsDeliveryReport', event: { event: 'smsDeliveryReport', conversation: { id: 'a' } } })
  t.match(await other.collect(claimOf([waiting(), report])), { outcomes: [{ aside: false }, { aside: true }] }, 'those of different events are not')
})

test('an event that a collector has completed by itself is no event without a collector', async (t) => {
  const { runner, bursts, collect, lines } = create()
  collect()
  t.match(await runner.collect(claimOf([waiting({ completed: ['collect:answer'] })])), { outcomes: [{ state: 'done' }] })
  t.same([bursts, lines], [[], []])
})

test('what a collector has done after its time counts no more when the same events come again, also if they ended in a transaction of its own', async (t) => {
  const { runner, webhooks, lines } = create({ timeout: 1, retry: { ...RETRY, minDelay: 1, maxDelay: 1 } })
  const ends = Promise.withResolvers<undefined>()
  let calls = 0
  webhooks.collect('newMessage', {}, async function answer () {
    calls++
    await ends.promise
  })
  const [first, second] = [waiting(), waiting()]
  t.match(await runner.collect(claimOf([first, second])), { outcomes: [{ state: 'pending' }, { state: 'pending' }] })
  ends.resolve(undefined)
  await until(() => lines.some(({ msg }) => msg === 'a listener succeeded after its time was up: it is not called again'))
  t.match(await runner.collect(claimOf([{ ...second, completed: ['collect:answer'] }])), { outcomes: [{ state: 'done' }] }, 'the first was removed')
  const again = [first, second].map((event) => ({ ...event, seq: event.seq + 1_000 })) // as it is when they come in again
  t.match(await runner.collect(claimOf(again)), { outcomes: [{ state: 'done' }, { state: 'done' }] })
  t.equal(calls, 2, 'they came again')
})

test('what a collector without a name has refused in another process does not make an event dead', async (t) => {
  const { runner, bursts, collect } = create()
  collect()
  t.match(await runner.collect(claimOf([waiting({ refused: ['#of another process 1 collects'] })])), { outcomes: [{ state: 'done', completed: ['collect:answer'] }] })
  t.equal(bursts.length, 1)
  t.match(await runner.collect(claimOf([waiting({ refused: ['#of another process 1'] })])), { outcomes: [{ state: 'dead' }] }, 'a listener that gave it up is not called again')
  const { runner: own, webhooks } = create()
  webhooks.collect('newMessage', {}, () => { throw new NonRetriableError('never') })
  webhooks.collect('newMessage', { quiet: HOUR * 2, within: HOUR * 2 }, () => {})
  const { outcomes: [outcome] } = await own.collect(claimOf([waiting()]))
  webhooks.collect('newMessage', {}, function answer () {})
  t.match(await own.collect(claimOf([waiting({ refused: outcome?.refused, receivedAt: AGO - HOUR })])), { outcomes: [{ state: 'dead', error: 'one without a name: it failed for good in an earlier delivery' }] })
})

test('a burst has failed for as long as the one of its events that has done so longest', async (t) => {
  const { runner, collect } = create({ retry: { ...RETRY, attempts: 100, giveUpAfter: HOUR } })
  collect({}, () => { throw new Error('not yet') })
  t.match(await runner.collect(claimOf([waiting(), waiting({ attempt: 2, failingFor: 2 * HOUR })])), { outcomes: [{ state: 'dead' }, { state: 'dead' }] })
})

test('an attempt in which the process ended counts as failed, and no collector is called', async (t) => {
  const { runner, bursts, errors, collect } = create({ retry: { ...RETRY, attempts: 2 } })
  collect()
  const events = [waiting({ attempt: 2, interrupted: true }), waiting({ attempt: 2 })]
  t.match(await runner.collect(claimOf(events)), { outcomes: [{ state: 'dead', refused: ['collect:answer'] }, { state: 'dead' }] })
  t.match([bursts.length, errors], [0, [{ cause: { code: 'FST_ONEROUTE_PROCESS_ENDED' } }]])
})

test('a burst is told when it begins and when it ends, with all its ids', async (t) => {
  const { runner, collect } = create()
  const [starts, ends] = [observed(t, 'start'), observed(t, 'end')]
  collect()
  const events = [waiting(), waiting()]
  await runner.collect(claimOf(events))
  const told = { id: events[0]?.id, ids: events.map(({ id }) => id), name: 'newMessage', attempt: 1, event: events[0]?.event }
  t.match(starts, [told])
  t.match(ends, [{ ...told, outcome: 'done', listeners: [{ name: 'answer', error: null }] }])
  const event = waiting({ collectedFrom: undefined })
  t.match(await runner.run(event, 'a'), { state: 'pending', collects: true })
  t.match(ends.at(-1), { id: event.id, ids: [event.id], outcome: 'collected', retryAt: Date })
})

function observed (t: Test, channel: 'start' | 'end'): DeliveryMessage[] {
  const name = `fastify-oneroute-webhooks:delivery:${channel}`
  const messages: DeliveryMessage[] = []
  const note = (message: unknown) => { messages.push({ ...message as DeliveryMessage }) } // as the channel has it
  subscribe(name, note)
  t.teardown(() => { unsubscribe(name, note) })
  return messages
}

test('a burst that has failed waits for its time, whatever else is due in its lane', async (t) => {
  const { runner, webhooks, bursts, collect } = create()
  collect()
  webhooks.collect('event', { quiet: 2 * HOUR, within: 2 * HOUR }, function sum () {})
  const had = waiting({ completed: ['collect:answer'] })
  const failed = waiting({ attempt: 2, dueIn: HOUR / 2 })
  const now = Date.now()
  const { outcomes, dueAt } = await runner.collect(claimOf([had, failed, waiting({ receivedAt: now })]))
  t.same(outcomes, [])
  t.ok(Number(dueAt) >= now + HOUR / 2 && Number(dueAt) <= Date.now() + HOUR / 2)
  t.same(bursts, [])
  await runner.collect(claimOf([had, { ...failed, dueIn: 0 }]))
  t.same(bursts, [textsOf([failed])])
})

test('what has failed stays as it is if it was not called again, whatever else becomes of its lane', async (t) => {
  const { runner, webhooks, collect } = create()
  collect({ most: 1 })
  webhooks.collect('event', { quiet: 2 * HOUR, within: 2 * HOUR }, function sum () {})
  const [failed, fresh, behind] = [waiting({ attempt: 2, dueIn: HOUR, completed: ['collect:answer'] }), waiting(), waiting()]
  t.match(await runner.collect(claimOf([failed, fresh, behind])), { outcomes: [{ seq: failed.seq, collects: true, stays: true }, { seq: fresh.seq, collects: true, stays: false }] })
  const due = { ...failed, dueIn: 0 }
  const { outcomes } = await runner.collect(claimOf([due, waiting({ completed: ['collect:sum'], receivedAt: Date.now() - 2 * HOUR })]))
  t.match(outcomes, [{ seq: failed.seq, stays: true }, { state: 'done' }])
})

test('a burst has the highest attempt of its events, so that none is tried more often than it may be', async (t) => {
  const { runner, errors, collect } = create({ retry: { ...RETRY, attempts: 2 } })
  collect({}, () => { throw new Error('not yet') })
  const fresh = await runner.collect(claimOf([waiting(), waiting()]))
  t.match(fresh, { outcomes: [{ state: 'pending' }, { state: 'pending' }] })
  const mixed = await runner.collect(claimOf([waiting(), waiting({ attempt: 2 })]))
  t.match(mixed, { outcomes: [{ state: 'dead' }, { state: 'dead' }] })
  t.match(errors.map(({ context, dead }) => [context.attempt, dead]), [[1, false], [2, true]])
})

test('collectors of other events may have functions of the same name', async (t) => {
  const { runner, webhooks } = create()
  const got: Array<[string, readonly unknown[]]> = []
  const handle = (name: string) => function handle (events: readonly unknown[]) { got.push([name, events]) }
  webhooks.collect('newMessage', {}, handle('newMessage'))
  webhooks.collect('unknown', {}, handle('unknown'))
  const [known, unknown] = [waiting(), waiting({ event: { event: 'other' } })]
  t.match(await runner.collect(claimOf([known, unknown])), { outcomes: [{ state: 'done', completed: ['collect:handle'] }, { state: 'done', completed: ['collect:handle'] }] })
  t.same(got, [['newMessage', [known.event]], ['unknown', [unknown.event]]])
})

test('what fails before any collector is called is tried again later', async (t) => {
  const { runner, lines, collect } = create()
  collect()
  const claim = { lane: 'collect:a', get events (): ClaimedEvent[] { throw new Error('no events') } }
  const { outcomes, dueAt } = await runner.collect(claim)
  t.same(outcomes, [])
  t.ok(Number(dueAt) > Date.now())
  t.match(lines, [{ level: 50, msg: /^what waits for collectors could not be handed over/, err: { message: 'no events' } }])
})

test('so is what fails when a collector is through', async (t) => {
  const { runner, lines, webhooks } = create()
  let isThrough = false
  webhooks.collect('newMessage', {}, async () => { isThrough = true })
  const event = Object.defineProperty(waiting(), 'refused', { get: () => { if (isThrough) throw new Error('no event') } })
  const { outcomes, dueAt } = await runner.collect(claimOf([event]))
  t.same([isThrough, outcomes], [true, []])
  t.ok(Number(dueAt) > Date.now())
  t.match(lines, [{ level: 50, msg: /^what waits for collectors could not be handed over/, err: { message: 'no event' } }])
})

test('a burst of which not even the failure can be told is tried again', async (t) => {
  const { runner, log, collect } = create()
  collect({}, () => { throw new Error('not yet') })
  log.child = () => { throw new Error('no child') }
  const event = waiting()
  t.match(await runner.collect(claimOf([event])), { outcomes: [{ seq: event.seq, state: 'pending', error: 'what became of it could not be told: no child' }] })
})

test('an event waits for its collectors as long as the quickest needs, or not at all if it fills a burst', async (t) => {
  const { runner, webhooks, collect } = create()
  webhooks.on('newMessage', function save () {})
  collect({ quiet: 2_000, within: 60_000, most: 3 })
  webhooks.collect('event', { quiet: 5_000 }, () => {})
  const dues: number[] = []
  for (let i = 0; i < 7; i++) {
    const event = waiting({ id: String(i), collectedFrom: undefined, receivedAt: Date.now() })
    const outcome = await runner.run(event, 'a')
    t.match(outcome, { state: 'pending', collects: true, completed: ['save'], refused: [], error: null, delivery: undefined })
    dues.push(Math.round((Number(outcome?.dueAt) - event.receivedAt) / 1_000))
  }
  t.same(dues, [2, 2, 0, 0, 0, 0, 2], 'until it is clear that they are handed over elsewhere')
})

test('of very many lanes the oldest are forgotten', (t) => {
  const waiting = new WaitingBursts()
  const collectors = [collectorOf('newMessage', { most: 2 }, () => {})]
  for (let lane = 0; lane <= 10_000; lane++) waiting.waitOf(String(lane), { id: 'one', receivedAt: Date.now() }, collectors)
  t.same(['0', '10000'].map((lane) => waiting.waitOf(lane, { id: 'two', receivedAt: Date.now() }, collectors)), [2_000, 0])
  t.end()
})
