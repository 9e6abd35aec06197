import { mock } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import type { Claim, ClaimedEvent, Inbox, Outcome } from '../../index.ts'
import { Dispatcher } from '../../lib/deliver/dispatcher.ts'
import { ListenerRunner } from '../../lib/deliver/listener-runner.ts'
import { EventCatalogue } from '../../lib/events/catalogue.ts'
import { RequestContexts } from '../../lib/observe/request-contexts.ts'
import { resolveOptions } from '../../lib/webhooks/options.ts'
import { emitter } from './helpers/emitter.ts'

const catalogue = new EventCatalogue({})

// On a busy machine a time slice may be over after any listener: here time goes on when a test says so.
let now = 0
mock.method(performance, 'now', () => now)

const claimOf = (lane: string, ...seqs: number[]): Claim => ({ lane, events: seqs.map((seq) => eventOf(seq)) })
const eventOf = (seq: number): ClaimedEvent => ({ seq, id: `id ${seq}`, name: 'other', event: { event: 'other', seq }, receivedAt: 5, attempt: 1, completed: [], problems: null })

/** A dispatcher, and what it asks of an inbox that answers as a test says. */
function create (t: Test, { durable = true, concurrency = 4, claim }: { durable?: boolean, concurrency?: number, claim: Inbox['claim'] }) {
  const lines: Array<Record<string, unknown>> = []
  const stream = { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } } // as pino writes it
  const { log } = Fastify({ logger: { level: 'debug', stream } })
  const asked: number[] = []
  const settled: Array<[lane: string, ...states: string[]]> = []
  const inbox = {
    durable,
    claim: (lanes: number) => { asked.push(lanes); return claim(lanes) },
    settle: ({ lane }: Claim, outcomes: readonly Outcome[]) => { settled.push([lane, ...outcomes.map(({ seq, state }) => `${seq} ${state}`)]) },
    close: () => { closed++ }
  } as Partial<Inbox> as Inbox // the rest is not the dispatcher's
  let closed = 0
  const webhooks = emitter()
  const options = resolveOptions({ retry: { minDelay: 60_000, maxDelay: 60_000 } })
  const runner = new ListenerRunner({ webhooks, log, catalogue, options, durable, contexts: new RequestContexts() })
  const dispatcher = new Dispatcher({ inbox, webhooks, runner, log, concurrency })
  t.teardown(async () => { runner.abandon(); await dispatcher.end() })
  return { dispatcher, webhooks, inbox, asked, settled, lines, closed: () => closed }
}

/** A claim whose events wait for collectors. */
const burstOf = (lane: string, ...seqs: number[]): Claim => ({ lane: `collect:${lane}`, events: seqs.map((seq) => ({ ...eventOf(seq), collectedFrom: lane })) })

/** Answers one after the other, and then nothing more. */
function answers (...claims: Claim[][]): () => Claim[] {
  return () => claims.shift() ?? []
}

test('nothing is claimed before the start, and for a durable inbox not before somebody listens', async (t) => {
  for (const durable of [true, false]) {
    const { dispatcher, webhooks, asked } = create(t, { durable, claim: () => [] })
    dispatcher.wake()
    t.same(asked, [])
    dispatcher.start()
    t.same(asked, durable ? [] : [4])
    webhooks.on('unknown', () => {})
    dispatcher.wake()
    t.same(asked, durable ? [4] : [4, 4])
  }
})

test('of a claim that another process may have taken over, no burst is handed over', (t) => {
  const burst = { lane: 'collect:a', events: [{ ...eventOf(1), collectedFrom: 'a' }], isHeld: false }
  const { dispatcher, webhooks, settled } = create(t, { claim: answers([burst]) })
  webhooks.on('unknown', () => { t.fail('it has been delivered') })
  dispatcher.start()
  t.same(settled, [['collect:a']])
  t.end()
})

test('an event is through before `wake` returns, and then its lane may be due again', (t) => {
  const { dispatcher, webhooks, asked, settled } = create(t, { claim: answers([claimOf('a', 1, 2), claimOf('b', 3)]) })
  const heard: unknown[] = []
  webhooks.on('unknown', ({ seq }) => { heard.push(seq) })
  dispatcher.start()
  t.same(heard, [1, 2, 3])
  t.same(settled, [['a', '1 done', '2 done'], ['b', '3 done']])
  t.same(asked, [4, 4])
  t.ok(dispatcher.isIdle())
  t.end()
})

test('it asks for as many lanes as are free, and not at all if none is', async (t) => {
  const { dispatcher, webhooks, asked, settled } = create(t, { concurrency: 3, claim: answers([claimOf('a', 1), claimOf('b', 2)], [claimOf('c', 3)]) })
  const ends = [1, 2, 3].map(() => Promise.withResolvers<undefined>())
  webhooks.on('unknown', async ({ seq }) => { await ends[Number(seq) - 1]?.promise })
  dispatcher.start()
  t.same(asked, [3])
  dispatcher.wake()
  t.same(asked, [3, 1])
  dispatcher.wake()
  t.same(asked, [3, 1], 'all lanes are taken')
  t.notOk(dispatcher.isIdle())
  ends[1]?.resolve(undefined)
  while (settled.length < 1) await setImmediate()
  await setImmediate()
  t.same(settled, [['b', '2 done']])
  t.same(asked, [3, 1, 1])
  for (const { resolve } of ends) resolve(undefined)
  await dispatcher.end()
  t.same(settled.slice(1), [['a', '1 done'], ['c', '3 done']])
  t.ok(dispatcher.isIdle())
})

test('one claim is asked for at a time, and another one if it was woken meanwhile', async (t) => {
  const claiming = [Promise.withResolvers<Claim[]>(), Promise.withResolvers<Claim[]>()]
  const { dispatcher, webhooks, asked } = create(t, { claim: async () => await (claiming[asked.length - 1]?.promise ?? []) })
  webhooks.on('unknown', () => {})
  dispatcher.start()
  dispatcher.wake()
  dispatcher.wake()
  t.same(asked, [4])
  t.notOk(dispatcher.isIdle())
  claiming[0]?.resolve([])
  await setImmediate()
  t.same(asked, [4, 4])
  claiming[1]?.resolve([])
  await setImmediate()
  t.same(asked, [4, 4], 'nothing has come up since')
  t.ok(dispatcher.isIdle())
})

test('an event that is to be tried again ends its claim, also if it fails at once', async (t) => {
  for (const wait of [false, true]) {
    const { dispatcher, webhooks, settled } = create(t, { claim: answers([claimOf('a', 1, 2, 3)]) })
    webhooks.on('unknown', ({ seq }) => {
      if (!wait && seq === 2) throw new Error('broken')
      return wait ? later(seq) : undefined
    })
    const later = async (seq: unknown) => { await setImmediate(); if (seq === 2) throw new Error('broken') }
    dispatcher.start()
    while (settled.length === 0) await setImmediate()
    t.same(settled, [['a', '1 done', '2 pending']])
  }
})

test('after ten milliseconds of listeners the rest of a claim waits for a turn of the event loop', async (t) => {
  const { dispatcher, webhooks, settled } = create(t, { claim: answers([claimOf('a', 1, 2, 3), claimOf('b', 4)]) })
  const heard: unknown[] = []
  webhooks.on('unknown', ({ seq }) => { heard.push(seq); now += 5 })
  dispatcher.start()
  t.same(heard, [1, 2])
  while (settled.length < 2) await setImmediate()
  t.same(heard, [1, 2, 3, 4])
})

test('what a listener does without waiting is behind it before the next one is called, also after an `await`', async (t) => {
  const { dispatcher, webhooks, settled } = create(t, { claim: answers([claimOf('a', 1), claimOf('b', 2)]) })
  const heard: unknown[] = []
  webhooks.on('unknown', async ({ seq }) => {
    heard.push(`${String(seq)} begins`)
    await Promise.resolve()
    heard.push(`${String(seq)} goes on`)
  })
  dispatcher.start()
  while (settled.length < 2) await setImmediate()
  t.same(heard, ['1 begins', '1 goes on', '2 begins', '2 goes on'])
})

test('what could not be recorded is given back after a second, and its lane claimed again', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { dispatcher, webhooks, asked, inbox, lines } = create(t, { claim: answers([claimOf('a', 1)]) })
  const settled: unknown[] = []
  inbox.settle = async (_claim, outcomes) => { settled.push(outcomes.length); throw new Error('away') }
  webhooks.on('unknown', () => {})
  dispatcher.start()
  while (lines.length < 1) await setImmediate()
  await setImmediate()
  t.match(lines, [{ level: 50, err: { message: 'away' } }])
  t.same([settled, asked], [[1], [4, 4]])
  mock.timers.tick(1_000)
  await setImmediate()
  t.same([settled, asked], [[1, 0], [4, 4, 4]])
})

test('what was discarded is done without being delivered, and of a lane that was lost nothing more is delivered', (t) => {
  const [first, second, third] = [eventOf(1), { ...eventOf(2), isDiscarded: true }, eventOf(3)]
  const lost = { ...claimOf('b', 4, 5), isHeld: true }
  const { dispatcher, webhooks, settled, inbox } = create(t, { claim: answers([{ lane: 'a', events: [first, second, third] }, lost, { ...claimOf('c', 6), isHeld: false }]) })
  const heard: unknown[] = []
  const outcomes: Outcome[] = []
  const settle = inbox.settle.bind(inbox)
  inbox.settle = (claim, these) => { outcomes.push(...these); return settle(claim, these) }
  webhooks.on('unknown', ({ seq }) => {
    heard.push(seq)
    if (seq === 4) lost.isHeld = false
  })
  dispatcher.start()
  t.same(heard, [1, 3, 4])
  t.same(settled, [['a', '1 done', '2 done', '3 done'], ['b', '4 done'], ['c']])
  t.strictSame(outcomes[1], { seq: 2, state: 'done', dueAt: null, completed: [], error: null })
  t.end()
})

test('an inbox that cannot be asked is asked again after a second, once', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  for (const [what, fail] of [['at once', () => { throw new Error('at once') }], ['later', async () => { await Promise.resolve(); throw new Error('later') }]] as const) {
    let fails = true
    const { dispatcher, webhooks, asked, lines, settled } = create(t, { claim: () => fails ? fail() : asked.length === 4 ? [claimOf('a', 1)] : [] })
    webhooks.on('unknown', () => {})
    dispatcher.start()
    await setImmediate()
    dispatcher.wake()
    await setImmediate()
    t.match(lines, Array.from({ length: 2 }, () => ({ level: 50, err: { message: what }, msg: 'no events could be taken from the inbox' })))
    t.ok(dispatcher.isIdle())
    t.equal(asked.length, 2)
    mock.timers.tick(999)
    t.equal(asked.length, 2)
    fails = false
    mock.timers.tick(1)
    t.equal(asked.length, 3)
    mock.timers.tick(10_000)
    t.equal(asked.length, 3, 'two failures are one timer')
    dispatcher.wake()
    await setImmediate()
    t.same(settled, [['a', '1 done']])
  }
})

test('once it has ended, nothing is claimed any more, also not because of an earlier failure', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { dispatcher, webhooks, asked } = create(t, { claim: () => { throw new Error('away') } })
  webhooks.on('unknown', () => {})
  dispatcher.start()
  await dispatcher.end()
  mock.timers.tick(1_000)
  dispatcher.wake()
  t.equal(asked.length, 1)

  const claiming = Promise.withResolvers<Claim[]>()
  const { dispatcher: another, webhooks: others, asked: more } = create(t, { claim: async () => await claiming.promise })
  others.on('event', () => {})
  another.start()
  const ending = another.end()
  another.drain(0)
  claiming.reject(new Error('away'))
  await ending
  mock.timers.tick(1_000)
  t.equal(more.length, 1)
})

test('draining, a durable inbox keeps what is not begun, and others have it delivered', async (t) => {
  for (const durable of [true, false]) {
    const { dispatcher, webhooks, settled, asked, lines, closed } = create(t, { durable, claim: answers([claimOf('a', 1, 2)], [claimOf('b', 3)]) })
    const held = Promise.withResolvers<undefined>()
    webhooks.on('unknown', async () => { await held.promise })
    dispatcher.start()
    dispatcher.drain(60_000)
    dispatcher.wake()
    let ended = false
    const ending = dispatcher.end().then(() => { ended = true })
    await setImmediate()
    t.notOk(ended)
    held.resolve(undefined)
    await ending
    t.same(settled, durable ? [['a', '1 done']] : [['b', '3 done'], ['a', '1 done', '2 done']])
    t.equal(asked.length, durable ? 1 : 4)
    t.same([lines, closed()], [[], 0])
    await dispatcher.end()
  }
})

test('when the time of draining is up, listeners are abandoned, and an inbox that keeps nothing is closed', async (t) => {
  for (const durable of [true, false]) {
    const { dispatcher, webhooks, settled, lines, closed, inbox } = create(t, { durable, claim: answers([claimOf('a', 1), claimOf('b', 2)]) })
    const signals: AbortSignal[] = []
    webhooks.on('unknown', async (_event, { signal }) => { signals.push(signal); await new Promise(() => {}) })
    dispatcher.start()
    const close = inbox.close.bind(inbox)
    inbox.close = () => {
      t.same(settled, [['a'], ['b']], 'what was abandoned is given back before')
      void close()
      throw new Error('no')
    }
    while (signals.length < 2) await setImmediate()
    dispatcher.drain(1)
    await dispatcher.end()
    if (!durable) while (closed() === 0) await setImmediate()
    await setImmediate()
    t.equal(closed(), durable ? 0 : 1)
    t.same(signals.map(({ aborted }) => aborted), [true, true])
    t.same(settled, [['a'], ['b']])
    t.match(lines, [
      { level: 40, events: 2, msg: 'closing no longer waits for listeners that are still running' },
      ...durable ? [] : [{ level: 50, err: { message: 'no' }, msg: 'the inbox could not be closed' }]
    ])
    t.equal(lines.length, durable ? 1 : 2)
  }
})

test('if the inbox does not answer, closing does not wait for longer than it may, and says nothing of listeners', async (t) => {
  const { dispatcher, webhooks, lines } = create(t, { claim: async () => await new Promise(() => {}) })
  webhooks.on('unknown', () => {})
  dispatcher.start()
  dispatcher.drain(1)
  await dispatcher.end()
  await dispatcher.end()
  t.same(lines, [])
})

test('what waits for collectors goes to them as one, and to no listener', async (t) => {
  const { dispatcher, webhooks, settled } = create(t, { claim: answers([burstOf('a', 1, 2)]) })
  const heard: number[] = []
  webhooks.on('unknown', () => { t.fail('it has had it') })
  webhooks.collect('unknown', {}, (events) => { heard.push(events.length) })
  dispatcher.start()
  await setImmediate()
  t.same([heard, settled], [[2], [['collect:a', '1 done', '2 done']]])
})

test('of a lane that two conversations have by its name, what waits for collectors is not for listeners', async (t) => {
  const [first] = claimOf('collect:a', 1).events
  const [second] = burstOf('a', 2).events
  const { dispatcher, webhooks, settled } = create(t, { claim: answers([{ lane: 'collect:a', events: [first, second] as ClaimedEvent[] }]) })
  webhooks.on('unknown', () => {})
  webhooks.collect('unknown', { quiet: 60_000 }, () => {})
  dispatcher.start()
  await setImmediate()
  t.same(settled, [['collect:a', '1 pending']])
})

test('a collector at work takes no place of other lanes', async (t) => {
  const atWork = Promise.withResolvers<undefined>()
  const { dispatcher, webhooks, asked, settled } = create(t, { concurrency: 1, claim: answers([burstOf('a', 1)], [claimOf('b', 2)]) })
  webhooks.collect('unknown', {}, async () => { await atWork.promise })
  dispatcher.start()
  await setImmediate()
  t.same([asked, settled], [[1, 1, 1], [['b', '2 pending']]])
  atWork.resolve(undefined)
  await setImmediate()
  t.same(settled.at(-1), ['collect:a', '1 done'])
})
