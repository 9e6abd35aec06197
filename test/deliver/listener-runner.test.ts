import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import type { ClaimedEvent, DeliveryError, DeliveryMessage } from '../../index.ts'
import { ListenerRunner } from '../../lib/deliver/listener-runner.ts'
import { NonRetriableError, RetryAfterError } from '../../lib/errors/errors.ts'
import { EventCatalogue } from '../../lib/events/catalogue.ts'
import { RequestContexts } from '../../lib/observe/request-contexts.ts'
import { resolveOptions } from '../../lib/webhooks/options.ts'
import type { WebhooksOptions } from '../../lib/webhooks/options.ts'
import { emitter } from './helpers/emitter.ts'

const catalogue = new EventCatalogue({})
const REPORT = { event: 'smsDeliveryReport', conversation: { id: '1' } }
const NO_REPORT = { event: 'smsDeliveryReport' }
const HOUR = 3_600_000
const HOURLY = { minDelay: HOUR, maxDelay: HOUR, blockFor: Infinity }

let seq = 0

function claimed (more: Partial<ClaimedEvent> = {}): ClaimedEvent {
  return { seq: ++seq, id: `id ${seq}`, name: 'other', event: { event: 'other' }, receivedAt: 5, attempt: 1, completed: [], problems: null, ...more }
}

function create (options: WebhooksOptions = {}, durable = true) {
  const lines: Array<Record<string, unknown>> = []
  const stream = { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } } // as pino writes it
  const { log } = Fastify({ logger: { level: 'debug', stream } })
  const webhooks = emitter()
  const errors: DeliveryError[] = []
  webhooks.on('error', (error) => { errors.push(error) })
  const contexts = new RequestContexts()
  const runner = new ListenerRunner({ webhooks, log, catalogue, options: resolveOptions(options), durable, contexts })
  return { runner, webhooks, lines, errors, log, contexts }
}

function observed (t: Test, channel: 'start' | 'end'): DeliveryMessage[] {
  const name = `fastify-oneroute-webhooks:delivery:${channel}`
  const messages: DeliveryMessage[] = []
  const listen = (message: unknown) => { messages.push({ ...message as DeliveryMessage }) } // as the docs say
  subscribe(name, listen)
  t.teardown(() => { unsubscribe(name, listen) })
  return messages
}

test('an event that succeeds at its first attempt leaves nothing, and there is a promise only if a listener returned one', async (t) => {
  const { runner, webhooks } = create()
  webhooks.on('unknown', () => ({ then: 5 }))
  webhooks.on('unknown', () => null)
  const [first, second] = [claimed(), claimed()]
  t.strictSame(runner.run(first), { seq: first.seq, state: 'done', dueAt: null, completed: [], error: null })
  webhooks.on('event', async () => { await setImmediate() })
  const running = runner.run(second)
  t.type(running, Promise)
  t.strictSame(await running, { seq: second.seq, state: 'done', dueAt: null, completed: [], error: null })
  t.end()
})

test('an event that succeeds later, or that nobody wants, has a record', async (t) => {
  const { runner, webhooks, lines } = create()
  t.match(runner.run(claimed()), { state: 'done', delivery: { attempt: 1, completed: [], failures: [] } })
  t.match(runner.run(claimed({ event: NO_REPORT, problems: ['wrong'] })), { state: 'invalid', delivery: { completed: [], failures: [] } })
  t.equal(lines.filter(({ msg }) => msg === 'no listener wants this event').length, 1, 'an invalid one stays, and is not told of')
  webhooks.on('unknown', function save () {})
  t.match(runner.run(claimed({ attempt: 2 })), { state: 'done', delivery: { attempt: 2, completed: ['save'], failures: [] } })
})

test('an invalid event goes to listeners of `invalid`, or as a new one to its own if it fits by now', async (t) => {
  const { runner, webhooks } = create()
  const heard: unknown[] = []
  webhooks.on('invalid', function save (_event, { problems }) { heard.push(problems) })
  webhooks.on('smsDeliveryReport', function save (_event, { problems }) { heard.push(problems) })
  webhooks.on('smsDeliveryReport', function reply () { heard.push('reply') })
  t.match(runner.run(claimed({ event: NO_REPORT, problems: ['wrong'] })), { state: 'done' })
  t.match(runner.run(claimed({ event: REPORT, problems: ['wrong'], completed: ['invalid:save'], refused: ['invalid:reply'] })), { state: 'done' })
  t.same(heard, [['wrong'], [], 'reply'])
  t.match(runner.run(claimed({ event: REPORT, problems: ['wrong'], attempt: 2, completed: ['save'], refused: ['invalid:reply'] })), { state: 'done' })
  t.match(runner.run(claimed({ event: NO_REPORT, problems: ['wrong'], attempt: 2, completed: ['invalid:save'] })), { state: 'done' })
  t.same(heard.slice(3), ['reply'], 'what has succeeded by each name is not called again')
})

test('a listener of `invalid` that is at work is known whichever other one goes', async (t) => {
  const { runner, webhooks } = create({ timeout: 1 })
  let calls = 0
  const end = Promise.withResolvers<undefined>()
  webhooks.once('invalid', () => {})
  webhooks.on('invalid', async function save () {
    calls++
    await end.promise
  })
  const event = claimed({ event: NO_REPORT, problems: ['wrong'] })
  t.match(await runner.run(event), { state: 'pending', running: true })
  t.match(await runner.run({ ...event, attempt: 2 }), { state: 'pending', running: true })
  end.resolve(undefined)
  t.match(await runner.run({ ...event, attempt: 3 }), { state: 'done' })
  t.equal(calls, 1)
})

test('a listener that has completed, or refused, is not called again', async (t) => {
  const { runner, webhooks } = create()
  const heard: string[] = []
  for (const name of ['save', 'reply', 'audit']) {
    webhooks.on('unknown', Object.defineProperty(() => { heard.push(name) }, 'name', { value: name }))
  }
  t.match(runner.run(claimed({ attempt: 2, completed: ['save'] })), { state: 'done' })
  t.same(heard, ['reply', 'audit'])
  const refused = ['reply', 'gone#1', '#of another process 1']
  const { delivery, ...dead } = await runner.run(claimed({ seq: 5, attempt: 2, completed: ['save'], refused })) ?? {}
  t.strictSame(dead, {
    seq: 5,
    state: 'dead',
    dueAt: null,
    completed: ['save', 'audit'],
    refused,
    error: 'reply: it failed for good in an earlier delivery; gone#1: it failed for good in an earlier delivery'
  })
  t.same(heard, ['reply', 'audit', 'audit'])
  t.match(runner.run(claimed({ attempt: 2, refused: ['#of another process 1'] })), { state: 'done' }, 'which knows what it is')
})

test('who has refused is told of again only when nothing more can come of the event', async (t) => {
  const { runner, webhooks, errors } = create()
  webhooks.on('unknown', function save () { throw new Error('away') })
  webhooks.on('unknown', function reply () { t.fail('called') })
  webhooks.on('unknown', function audit () {})
  const { state, completed, error } = await runner.run(claimed({ attempt: 2, refused: ['reply'] })) ?? {}
  t.strictSame([state, completed, error], ['pending', ['audit'], 'save: away'])
  t.match(errors, [{ listener: 'save' }])
  t.equal(errors.length, 1)
})

test('of an event that fails, it is said when it is due, who has completed, who refused, and why', async (t) => {
  const { runner, webhooks, errors, lines } = create({ retry: HOURLY })
  let things: Array<Error | undefined> = [new Error('away'), new NonRetriableError('never')]
  webhooks.on('unknown', function save () { if (things[0] !== undefined) throw things[0] })
  webhooks.on('unknown', async function reply () { await setImmediate(); if (things[1] !== undefined) throw things[1] })
  webhooks.on('unknown', function audit () {})
  const event = claimed({ completed: ['elsewhere'] })
  const outcome = await runner.run(event)
  t.match(outcome, { seq: event.seq, state: 'pending', completed: ['elsewhere', 'audit'], refused: ['reply'], error: 'save: away; reply: never' })
  t.match(outcome?.delivery, { attempt: 1, completed: ['audit'], failures: [{ listener: 'save', error: 'away' }, { listener: 'reply', error: 'never' }] })
  t.ok(Number(outcome?.dueAt) > Date.now() + HOUR / 3)
  t.notOk(Object.hasOwn(outcome ?? {}, 'aside') || Object.hasOwn(outcome ?? {}, 'running'))
  const retryAt = new Date(Number(outcome?.dueAt))
  t.match(errors, [{ listener: 'save', dead: false, retryAt, cause: things[0] }, { listener: 'reply', dead: false, retryAt, cause: things[1] }])
  t.match(lines, [{ level: 40, retryAt: retryAt.toISOString(), err: { listener: 'save' }, msg: 'a listener failed, and the event is to be delivered again' }, { level: 40, err: { listener: 'reply' } }])
  t.match(lines[0], { err: { message: /away/ } })
  things = [undefined, new NonRetriableError('never')]
  t.match(await runner.run(claimed()), { state: 'dead', completed: ['save', 'audit'], refused: ['reply'], error: 'reply: never' })
  t.match(errors.slice(2), [{ listener: 'reply', dead: true, retryAt: null }])
  t.match(lines.slice(2), [{ level: 50, err: { listener: 'reply', message: /never/ }, msg: 'a listener failed, and the event is not delivered again' }])
})

test('with an inbox that keeps nothing, an event that fails is dead', async (t) => {
  const { runner, webhooks } = create({}, false)
  webhooks.on('unknown', () => { throw new RetryAfterError(HOUR) })
  t.match(runner.run(claimed()), { state: 'dead', dueAt: null, error: 'listener 1: this is to be tried again later' })
})

test('an event that leaves its lane says so, and is told of once', async (t) => {
  const { runner, webhooks, lines } = create({ retry: { blockFor: 0 } })
  const ends = observed(t, 'end')
  const said = () => lines.filter(({ msg }) => String(msg).includes('retry.blockFor')).length
  webhooks.on('unknown', () => { throw new Error('away') })
  const outcome = runner.run(claimed())
  t.match(outcome, { state: 'pending', aside: true })
  t.equal(said(), 1)
  t.match(runner.run(claimed({ attempt: 2, failingFor: HOUR, isAside: true })), { state: 'pending', aside: true })
  t.equal(said(), 1)
  t.same(ends.map(({ aside }) => aside), [true, false])
})

test('an attempt that was interrupted calls nobody, and counts as a failure of all that it would have called', async (t) => {
  const { runner, webhooks, errors, lines } = create({ retry: { attempts: 2 } })
  webhooks.on('unknown', function save () { t.fail('called') })
  webhooks.on('unknown', function reply () { t.fail('called') })
  const error = 'the process ended while it was being delivered'
  const interrupted = { interrupted: true, completed: ['save'] }
  t.match(runner.run(claimed(interrupted)), { state: 'pending', completed: ['save'], refused: [], error, delivery: { completed: [], failures: [{ listener: 'reply', error }] } })
  t.match(errors, [{ listener: 'reply', dead: false }])
  t.match(runner.run(claimed({ ...interrupted, attempt: 2, refused: ['reply'] })), { state: 'dead', refused: ['reply'], error })
  t.match(lines.filter(({ msg }) => msg === 'the process ended while an event was being delivered'), [
    { level: 50, dead: false, retryAt: String }, { level: 50, dead: true, retryAt: null }
  ])
  t.equal(errors.length, 1, 'nobody was called in the second one')
  webhooks.removeAllListeners('unknown')
  t.match(runner.run(claimed({ interrupted: true })), { state: 'pending', error }, 'also in a process without listeners')
})

test('a listener that outlives its time is waited for, and is called again only if it fails', async (t) => {
  const { runner, webhooks } = create({ timeout: 1 })
  const ends = observed(t, 'end')
  const late = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
  const calls: string[] = []
  webhooks.on('unknown', async function save () { calls.push('save'); await late[0]?.promise })
  webhooks.on('unknown', async function reply () { calls.push('reply'); await late[1]?.promise })
  const event = claimed()
  t.match(await runner.run(event), { state: 'pending', completed: [], running: true, error: 'save: The listener took longer than 1 ms; reply: The listener took longer than 1 ms' })
  late[0]?.resolve(undefined)
  await setImmediate()
  t.match(await runner.run({ ...event, attempt: 2 }), { state: 'pending', completed: ['save'], running: true, error: 'reply: The listener took longer than 1 ms' })
  late[1]?.reject(new Error('broken'))
  await setImmediate()
  t.match(await runner.run({ ...event, attempt: 3, completed: ['save'] }), { state: 'pending', completed: ['save'], error: 'reply: broken' })
  t.same(calls, ['save', 'reply', 'reply'])
  t.same(ends.map(({ listeners }) => listeners.map(({ name }) => name)), [['save', 'reply'], ['reply'], ['reply']], 'who has succeeded between two attempts is no part of the second one')
})

test('a listener that has succeeded late is called again when the event comes again, once it is through', async (t) => {
  const { runner, webhooks } = create({ timeout: 1 })
  const late = Promise.withResolvers<undefined>()
  let calls = 0
  webhooks.on('unknown', async () => { if (calls++ === 0) await late.promise })
  const event = claimed()
  t.match(await runner.run(event), { state: 'pending' })
  late.resolve(undefined)
  await setImmediate()
  t.match(await runner.run({ ...event, attempt: 2 }), { state: 'done' })
  t.equal(calls, 1)
  t.match(await runner.run(event), { state: 'done' }, 'as a replay does')
  t.equal(calls, 2)
})

test('what a listener throws after its time counts once: then it is called again', async (t) => {
  const { runner, webhooks } = create({ timeout: 1 })
  const late = Promise.withResolvers<undefined>()
  let calls = 0
  webhooks.on('unknown', async () => { if (calls++ === 0) await late.promise })
  const event = claimed()
  t.match(await runner.run(event), { running: true })
  const when = Date.now() + HOUR
  late.reject(new RetryAfterError(new Date(when)))
  await setImmediate()
  t.match(await runner.run({ ...event, attempt: 2 }), { state: 'pending', dueAt: when, error: 'listener 1: this is to be tried again later' })
  t.equal(calls, 1)
  t.match(await runner.run({ ...event, attempt: 3 }), { state: 'done' })
  t.equal(calls, 2)
})

test('what an earlier attempt still waits for is not called once more, as when a lease was lost and this process has the event again', async (t) => {
  const { runner, webhooks } = create()
  const running = Promise.withResolvers<undefined>()
  const calls: string[] = []
  webhooks.on('unknown', function save () { calls.push('save') })
  webhooks.on('unknown', async function reply () { calls.push('reply'); await running.promise })
  const [event, other] = [claimed(), claimed({ attempt: 2 })]
  const first = runner.run(event)
  webhooks.prependListener('unknown', function audit () { calls.push('audit') })
  const second = runner.run({ ...event, attempt: 2 })
  t.same(calls, ['save', 'reply', 'audit', 'save'])
  const third = runner.run(other)
  t.same(calls.splice(0), ['save', 'reply', 'audit', 'save', 'audit', 'save', 'reply'], 'of another event it is')
  running.reject(new Error('away'))
  t.match(await first, { state: 'pending', completed: ['save'], error: 'reply: away' })
  t.match(await second, { state: 'pending', completed: ['audit', 'save'], error: 'reply: away' })
  await third
  t.match(await runner.run({ ...event, attempt: 3, completed: ['audit', 'save'] }), { state: 'pending' })
  t.same(calls, ['reply'], 'and once it has ended, it is called again')
})

test('what was abandoned has no outcome, and says for how many events', async (t) => {
  const { runner, webhooks } = create()
  const ends = observed(t, 'end')
  const signals: AbortSignal[] = []
  webhooks.on('unknown', async (_event, { signal }) => { signals.push(signal); await Promise.withResolvers().promise })
  webhooks.on('unknown', () => { throw new Error('broken') })
  const running = [runner.run(claimed()), runner.run(claimed())]
  t.equal(runner.abandon(), 2)
  for (const outcome of running) t.equal(await outcome, undefined)
  t.match(signals, [{ aborted: true, reason: { code: 'FST_ONEROUTE_CLOSING' } }, { aborted: true }])
  t.match(ends, [{ outcome: 'abandoned', retryAt: null, aside: false, listeners: [{ name: 'listener 2', error: { message: 'broken' } }] }, { outcome: 'abandoned' }])
  t.equal(runner.abandon(), 0)
})

test('a delivery is told when it begins, in the context of its request, and when it ends', async (t) => {
  const { runner, webhooks, contexts } = create({ retry: { attempts: 2 } })
  const [starts, ends] = [observed(t, 'start'), observed(t, 'end')]
  const event = claimed({ event: REPORT })
  contexts.note(event.id)
  const before = performance.now()
  webhooks.on('smsDeliveryReport', function save () {})
  webhooks.on('smsDeliveryReport', async function reply (_event, { attempt }) { await setImmediate(); if (attempt > 1) throw new Error('away') })
  await runner.run(event)
  t.ok(contexts.note(event.id), 'once')
  t.strictSame(starts, [{
    webhooks, id: event.id, ids: [event.id], name: 'smsDeliveryReport', event: REPORT, attempt: 1, receivedAt: new Date(5), outcome: null, retryAt: null, aside: false, duration: 0, listeners: []
  }])
  t.match(ends, [{ id: event.id, outcome: 'done', retryAt: null, aside: false, listeners: [{ name: 'save', error: null }, { name: 'reply', error: null }] }])
  const duration = Number(ends[0]?.duration)
  t.ok(duration > 0 && duration <= performance.now() - before)
  await runner.run(claimed({ event: REPORT, attempt: 2 }))
  await runner.run(claimed())
  await runner.run(claimed({ event: NO_REPORT, problems: ['wrong'] }))
  t.match(ends.slice(1), [{ outcome: 'dead', listeners: [{}, { error: { message: 'away' } }] }, { outcome: 'ignored', name: 'unknown' }, { outcome: 'ignored', name: 'invalid' }])
  const { runner: again, webhooks: others } = create()
  others.on('event', () => { throw new Error('away') })
  const outcome = await again.run(claimed())
  t.match(ends.at(-1), { webhooks: others, outcome: 'retry', retryAt: new Date(Number(outcome?.dueAt)) })
})

test('an event of which not even the failure can be told is tried again, or dead if it cannot be', async (t) => {
  for (const durable of [true, false]) {
    const { runner, webhooks, log, lines } = create({ retry: HOURLY }, durable)
    const child = log.child.bind(log)
    log.child = () => { throw new Error('no child') }
    webhooks.on('unknown', () => { throw new Error('at once') })
    const expected = {
      state: durable ? 'pending' : 'dead',
      dueAt: durable ? Number : null,
      completed: ['save'],
      refused: ['reply'],
      aside: false,
      error: 'what became of it could not be told: no child'
    }
    const event = claimed({ completed: ['save'], refused: ['reply'] })
    t.match(runner.run(event), { ...expected, seq: event.seq })
    webhooks.removeAllListeners('unknown')
    webhooks.on('unknown', async () => { await setImmediate(); throw new Error('later') })
    t.match(await runner.run(event), expected)
    t.match(lines, [{ level: 50, err: { message: 'no child' }, msg: 'what became of an event could not be told' }, { level: 50 }])
    log.child = child
  }
})
