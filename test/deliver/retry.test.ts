import { setTimeout as wait } from 'node:timers/promises'
import { test } from 'tap'
import type { Test } from 'tap'
import { NonRetriableError, ProcessEndedError, RetryAfterError } from '../../index.ts'
import type { DeliveryError } from '../../index.ts'
import type { RetryOptions } from '../../lib/webhooks/options.ts'
import { TimedOutListeners } from '../../lib/deliver/timed-out-listeners.ts'
import { createApp, gate, message, post, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

const QUICK = { minDelay: 1, maxDelay: 1 }

async function durableApp (t: Test, retry: RetryOptions = QUICK, timeout = 30_000) {
  const inbox = new ModelInbox()
  const { app, lines } = await createApp(t, { inbox, retry, timeout })
  const errors: DeliveryError[] = []
  app.webhooks.on('error', (error) => { errors.push(error) })
  const settled = async () => { while (inbox.stats().pending > 0) await turns() }
  return { app, inbox, lines, errors, settled }
}

test('an error that says never again makes an event dead at once, whatever its other words are', async (t) => {
  const { app, inbox, lines, errors, settled } = await durableApp(t)
  app.webhooks.on('newMessage', function reply () { throw new NonRetriableError('no such customer', { cause: new Error('404') }) })
  await post(app, message('a', 'x'))
  await settled()
  t.match(inbox.list(), [{ state: 'dead', attempts: 1, error: 'reply: no such customer' }])
  t.match(errors, [{ dead: true, retryAt: null, cause: { code: 'FST_ONEROUTE_NON_RETRIABLE', cause: { message: '404' } } }])
  t.equal(lines.filter(({ level }) => level === 50).length, 1)
  t.match(new NonRetriableError(), { message: 'this is not to be tried again', cause: undefined })
  t.match(new RetryAfterError(0, 'busy', { cause: 5 }), { message: 'busy', cause: 5 })
})

test('one listener says never again, another one is tried again: the first is not called again, and the event is dead in the end', async (t) => {
  const { app, inbox, errors, settled } = await durableApp(t)
  const calls: string[] = []
  app.webhooks.on('newMessage', function save (_event, { attempt }) {
    calls.push('save')
    if (attempt < 3) throw new Error('away')
  })
  app.webhooks.on('newMessage', function reply () {
    calls.push('reply')
    throw new NonRetriableError('never')
  })
  await post(app, message())
  await settled()
  t.same(calls, ['save', 'reply', 'save', 'save'])
  t.match(inbox.list(), [{ state: 'dead', attempts: 3, error: 'reply: it failed for good in an earlier delivery' }])
  t.match(errors.at(-1), { listener: 'reply', dead: true })
  t.equal(inbox.replay([String(inbox.list()[0]?.id)]), 1)
  await settled()
  t.same(calls.slice(4), ['reply'], 'who has succeeded is not called by a replay')
})

test('a listener that asks for it is not called before its time', async (t) => {
  const { app, settled } = await durableApp(t)
  const calls: number[] = []
  app.webhooks.on('newMessage', () => {
    calls.push(Date.now())
    if (calls.length === 1) throw new RetryAfterError(300)
  })
  await post(app, message())
  await settled()
  t.equal(calls.length, 2)
  t.ok(Number(calls[1]) - Number(calls[0]) >= 299)
})

test('an event that fails for longer than `blockFor` leaves its lane: one error line, and the others go on in order', async (t) => {
  const { app, inbox, lines, settled } = await durableApp(t, { ...QUICK, blockFor: 0, attempts: 4 })
  const heard: unknown[] = []
  const mayFail = gate()
  app.webhooks.on('newMessage', async ({ message: { content } }, { attempt }) => {
    if (content === 'bad' && attempt === 2) await mayFail.promise
    if (content === 'bad') throw new Error('broken')
    heard.push(content)
  })
  for (const content of ['bad', '1', '2']) await post(app, message('a', content))
  while (inbox.stats().done < 2) await turns()
  t.same(heard, ['1', '2'])
  t.match(inbox.stats(), { pending: 1, failing: 1 })
  t.match(inbox.list({ state: 'pending' }), [{ lane: 'a' }])
  mayFail.resolve(undefined)
  await settled()
  t.match(inbox.stats(), { dead: 1 })
  const said = lines.filter(({ msg }) => msg.startsWith('an event has failed for longer than `retry.blockFor`'))
  t.match(said, [{ level: 50, webhook: String, attempt: 1, retryAt: String }])
})

test('a listener that outlives its timeout is not called again while it runs, and its late success counts', async (t) => {
  const { app, inbox, lines, errors, settled } = await durableApp(t, QUICK, 5)
  const late = gate()
  const calls: string[] = []
  app.webhooks.on('newMessage', async function reply () {
    calls.push('reply')
    await late.promise
  })
  app.webhooks.on('newMessage', function save () { calls.push('save') })
  await post(app, message())
  while (errors.length < 4) await wait(1)
  t.match(inbox.list(), [{ state: 'pending' }])
  late.resolve(undefined)
  await settled()
  t.same(calls, ['reply', 'save'])
  t.match(inbox.list(), [{ state: 'done', error: null }])
  t.match(lines.filter(({ msg }) => msg === 'a listener succeeded after its time was up: it is not called again'), [{ level: 40, webhook: String }])
})

test('a late success between two attempts counts, and a late failure is tried again', async (t) => {
  const { app, inbox, errors, settled } = await durableApp(t, { minDelay: 200, maxDelay: 200, attempts: 3 }, 5)
  const ends = new Map([['good', gate()], ['bad', gate()]])
  const calls: unknown[] = []
  app.webhooks.on('newMessage', async ({ message: { content } }, { attempt }) => {
    calls.push(content)
    if (attempt > 1) return
    await ends.get(String(content))?.promise
    if (content === 'bad') throw new Error('late')
  })
  for (const content of ends.keys()) await post(app, message(content, content))
  while (errors.length < 2) await wait(1)
  for (const { resolve } of ends.values()) resolve(undefined)
  await settled()
  t.same(calls, ['good', 'bad', 'bad'])
  t.match(inbox.stats(), { done: 2 })
})

test('a listener that runs for ever is called once, and its event is dead in the end', async (t) => {
  const { app, inbox, settled } = await durableApp(t, { ...QUICK, attempts: 3 }, 5)
  let calls = 0
  app.webhooks.on('newMessage', async () => { calls++; await gate().promise })
  await post(app, message())
  await settled()
  t.equal(calls, 1)
  t.match(inbox.list(), [{ state: 'dead', attempts: 3, error: 'listener 1: The listener took longer than 5 ms' }])
})

test('with the memory inbox, what runs still is not called again by a repeat', async (t) => {
  const { app } = await createApp(t, { timeout: 5 })
  const late = gate()
  const calls: string[] = []
  app.webhooks.on('newMessage', async () => { calls.push('slow'); await late.promise })
  app.webhooks.on('newMessage', () => {
    calls.push('quick')
    if (calls.length > 2) late.resolve(undefined) // while the repeat waits for the slow one
  })
  const event = message()
  t.equal((await post(app, event)).statusCode, 500)
  t.equal((await post(app, event)).statusCode, 200)
  t.same(calls, ['slow', 'quick', 'quick'])
})

test('a listener of `once` that fails leaves its event dead, and not done', async (t) => {
  const { app, inbox, settled } = await durableApp(t)
  app.webhooks.on('newMessage', function save () {})
  app.webhooks.once('newMessage', async function reply () { await turns(); throw new Error('broken') })
  await post(app, message('a', '1'))
  await post(app, message('a', '2'))
  await settled()
  t.match(inbox.list(), [{ state: 'done' }, { state: 'dead', attempts: 1, error: 'reply: broken' }])
})

test('a listener without a name is known by its place in one process only, and one that shares its name, too', async (t) => {
  const calls: string[] = []
  const listen = (app: Awaited<ReturnType<typeof durableApp>>['app'], more: boolean, isAway: () => boolean) => {
    if (more) app.webhooks.on('event', () => { calls.push('new') })
    app.webhooks.on('event', () => { calls.push('audit') })
    const [first, second] = [{ twin: () => { calls.push('one') } }, { twin: () => { calls.push('two'); if (isAway()) throw new Error('away') } }]
    for (const { twin } of more ? [second, first] : [first, second]) app.webhooks.on('event', twin)
    app.webhooks.on('event', function named () { calls.push('named') })
    app.webhooks.on('event', () => { calls.push('charge'); if (isAway()) throw new Error('away') })
  }
  const { app, inbox } = await durableApp(t, { minDelay: 1, maxDelay: 60_000, factor: 60_000 })
  let failures = 2
  listen(app, false, () => failures-- > 0)
  await post(app, message())
  while (inbox.stats().done < 1) await turns()
  t.same(calls, ['audit', 'one', 'two', 'named', 'charge', 'two', 'charge'], 'in one process only who failed is called again')
  failures = Infinity

  await post(app, message())
  while (inbox.stats().failing < 1) await turns()
  await app.close()
  const inAnother = new ModelInbox()
  inAnother.rows = inbox.rows.map((row) => ({ ...row, dueAt: 0 }))
  const { app: another } = await createApp(t, { inbox: inAnother })
  calls.length = 0
  listen(another, true, () => false)
  await another.ready()
  while (inAnother.stats().pending > 0) await turns()
  t.same(calls, ['new', 'audit', 'two', 'one', 'charge'], 'in another one all are, but those who have a name of their own')
})

test('a delivery in which the process ended counts as one that failed, and calls no listener', async (t) => {
  const { app, inbox, errors, lines } = await durableApp(t, { ...QUICK, attempts: 2 })
  const claim = inbox.claim.bind(inbox)
  inbox.claim = async (lanes) => (await claim(lanes)).map((claim) => ({ ...claim, events: claim.events.slice(0, 1).map((event) => ({ ...event, interrupted: true })) }))
  app.webhooks.on('newMessage', function reply () { t.fail('not called') })
  await post(app, message())
  await app.webhooks.receive({ event: 'other' })
  while (inbox.stats().dead < 2) await turns()
  const error = 'the process ended while it was being delivered'
  t.match(inbox.list(), [{ state: 'dead', attempts: 2, error }, { state: 'dead', attempts: 2, error, deliveries: [{ failures: [{ listener: 'reply', error }] }, {}] }])
  t.match(errors, [{ listener: 'reply', dead: false, cause: ProcessEndedError }, { listener: 'reply', dead: true }])
  t.equal(lines.filter(({ msg }) => msg === 'a listener failed, and the event is not delivered again').length, 1)
})

test('what has failed for good is not forgotten by whoever has no such listener: `once` here, or in another process', async (t) => {
  const { app, inbox, errors, settled } = await durableApp(t)
  app.webhooks.once('newMessage', () => { throw new Error('gone') })
  app.webhooks.on('newMessage', function slow (_event, { attempt }) {
    if (attempt < 3) throw new Error('away')
  })
  await post(app, message())
  await settled()
  t.match(inbox.list(), [{ state: 'dead', attempts: 3, error: 'a listener of `once`: it failed for good in an earlier delivery' }])
  t.match(errors.at(-1), { listener: 'a listener of `once`', dead: true })

  await post(app, message())
  inbox.rows = inbox.rows.map((row) => ({ ...row, now: 'pending', dueAt: 0, completed: ['charge'], refused: ['reply', '#another process 1'] }))
  app.webhooks.on('event', () => {}) // wakes it
  await settled()
  t.match(inbox.list().at(-1), { state: 'dead', error: 'reply: it failed for good in an earlier delivery' })
})

test('what a listener has completed stays so when a process that has no such listener fails', async (t) => {
  const { app, inbox } = await durableApp(t, { minDelay: 60_000, maxDelay: 60_000 })
  app.webhooks.on('newMessage', function other () { throw new Error('broken') })
  const claim = inbox.claim.bind(inbox)
  inbox.claim = async (lanes) => (await claim(lanes)).map((claim) => ({ ...claim, events: claim.events.map((event) => ({ ...event, completed: ['charge', 'other'] })) }))
  await post(app, message())
  while (inbox.stats().done < 1) await turns()
  inbox.claim = async (lanes) => (await claim(lanes)).map((claim) => ({ ...claim, events: claim.events.map((event) => ({ ...event, completed: ['charge'] })) }))
  await post(app, message())
  while (inbox.stats().failing < 1) await turns()
  t.same(inbox.rows.at(-1)?.completed, ['charge'])
})

/** A listener outlives its time at its first call, and fails once so many attempts have waited for it. */
async function failLate (t: Test, delay: number, waits: number, cause: Error) {
  const { app, inbox, lines, errors, settled } = await durableApp(t, { minDelay: delay, maxDelay: delay }, 5)
  const late = gate()
  let calls = 0
  app.webhooks.on('newMessage', async () => {
    if (++calls > 1) return
    await late.promise
    throw cause
  })
  await post(app, message())
  while (errors.length < waits) await wait(1)
  late.resolve(undefined)
  await settled()
  return { inbox, lines, calls }
}

test('what a listener throws after its time was up is its word for the retry', async (t) => {
  const { inbox, calls } = await failLate(t, 100, 1, new NonRetriableError('no such customer'))
  t.equal(calls, 1)
  t.match(inbox.list(), [{ state: 'dead', error: 'listener 1: no such customer' }])
})

test('what a listener throws after its time was up is logged once, however often it was waited for', async (t) => {
  const { lines, calls } = await failLate(t, 1, 3, new Error('too late'))
  t.equal(calls, 2)
  t.match(lines.filter(({ msg }) => msg === 'a listener failed after it had been given up'), { length: 1 })
})

test('of listeners that never end, ten thousand events are remembered: those that were waited for last', async (t) => {
  const timedOut = new TimedOutListeners()
  const { app: { log } } = await createApp(t)
  const listener = () => {}
  const never = () => new Promise(() => {})
  const known = never()
  timedOut.add(listener, known, new Map([['known', 0]]), log)
  timedOut.add(listener, never(), new Map([['burst 1', 1], ['burst 2', 2]]), log)
  for (let seq = 3; seq < 10_000; seq++) timedOut.add(listener, never(), new Map([[String(seq), seq]]), log)
  timedOut.add(listener, known, new Map([['known', 0]]), log)
  t.same(['known', 'burst 1', 'burst 2', '3'].map((work) => timedOut.isRunning(work)), [true, true, true, true])
  timedOut.add(listener, never(), new Map([['one more', 10_000]]), log)
  t.same(['known', 'burst 1', 'burst 2', '3'].map((work) => timedOut.isRunning(work)), [true, false, false, true], 'a burst is forgotten as one')
  timedOut.end('known')
  t.ok(timedOut.isRunning('known'), 'the same event may come again')
  timedOut.end('never was')
})

test('a listener whose name is no text, or looks like a key of ours, is known by its place', async (t) => {
  const { app, inbox, settled } = await durableApp(t, { ...QUICK, attempts: 2 })
  const calls: unknown[] = []
  for (const value of [5, '#5']) {
    const listener = Object.defineProperty(() => { calls.push(value) }, 'name', { value })
    app.webhooks.on('newMessage', listener)
  }
  app.webhooks.on('newMessage', () => { throw new Error('broken') })
  await post(app, message())
  await settled()
  t.same(calls, [5, '#5'])
  t.match(inbox.list(), [{ error: 'listener 3: broken' }])
})
