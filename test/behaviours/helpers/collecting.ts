import { setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import type { Test } from 'tap'
import { NonRetriableError } from '../../../index.ts'
import type { CollectContext, CollectOptions, DeliveryError, Inbox, NewMessage, WebhooksOptions } from '../../../index.ts'
import { until } from '../../faults/helpers/until.ts'
import { createApp, gate, message } from '../../helpers/app.ts'

const RETRY = { minDelay: 1, maxDelay: 1 }
/** Soon, and longer than a slow machine takes for what is to come in within it. */
const QUIET = { quiet: 1_000, within: 60_000 }
/** Complete with the first event that is looked at. */
const AT_ONCE = { quiet: 1 }

interface Burst {
  readonly texts: string[]
  readonly ids: readonly string[]
  readonly attempt: number
}

const textsOf = (events: readonly NewMessage[]) => events.map(({ message: { content } }) => String(content))

async function open (t: Test, inbox: Inbox, options: WebhooksOptions = {}) {
  const { app, lines } = await createApp(t, { inbox, retry: RETRY, ...options })
  const bursts: Burst[] = []
  const errors: DeliveryError[] = []
  app.webhooks.on('error', (error) => { errors.push(error) })
  return {
    app,
    lines,
    bursts,
    errors,
    /** A collector that notes what it gets. */
    collect: (options: CollectOptions, act: (burst: Burst, context: CollectContext) => unknown = () => {}) => app.webhooks.collect('newMessage', options, async function answer (events, context) {
      const burst = { texts: textsOf(events), ids: context.ids, attempt: context.attempt }
      bursts.push(burst)
      await act(burst, context)
    }),
    send: async (...texts: string[]): Promise<string[]> => {
      await app.ready()
      const ids: string[] = []
      for (const text of texts) ids.push((await app.webhooks.receive(message(text.charAt(0), text))).id)
      return ids
    },
    sendAtOnce: async (texts: readonly string[]): Promise<void> => {
      await app.ready()
      await Promise.all(texts.map(async (text) => await app.webhooks.receive(message(text.charAt(0), text))))
    },
    through: async () => { await until(async () => (await app.webhooks.inbox.stats()).pending === 0) }
  }
}

/** Half of what is promised of collectors, with any durable inbox that keeps what waits for them. `create` makes one on a store of that name. */
export function collecting (driver: string, part: 1 | 2, create: (t: Test, store: string) => Inbox): void {
  let count = 0
  const test1 = (name: string, run: (t: Test, store: string) => Promise<void>) => {
    const store = `collecting_${driver}_${++count}`
    if (count % 2 === part % 2) test(`${driver}: ${name}`, async (t) => { await run(t, store) })
  }

  test1('four messages are one turn, after all other listeners have had each of them at once', async (t, store) => {
    const { app, lines, bursts, collect, send, through } = await open(t, create(t, store))
    const heard: string[] = []
    app.webhooks.on('newMessage', async function save ({ message: { content } }) { heard.push(String(content)) })
    collect(QUIET, (_burst, { log }) => {
      heard.push('answer')
      log.info('one answer')
    })
    const ids = await send('a hey', 'a quick question', 'a my order 17', 'a where is it?')
    await until(() => heard.length === 4)
    t.match(await app.webhooks.inbox.stats(), { pending: 4, failing: 0 })
    await through()
    t.same(heard, ['a hey', 'a quick question', 'a my order 17', 'a where is it?', 'answer'])
    t.same(bursts, [{ texts: heard.slice(0, 4), ids, attempt: 1 }])
    t.match(lines.find(({ msg }) => msg === 'one answer'), { webhooks: ids })
    t.match(await app.webhooks.inbox.get(String(ids[2])), { state: 'done', isCollected: false, attempts: 1 })
  })

  test1('no more than `most` are handed over together, and then at once', async (t, store) => {
    const { bursts, collect, send, through } = await open(t, create(t, store))
    collect({ quiet: 60_000, within: 60_000, most: 2 })
    await send('a1', 'b1', 'a2', 'b2', 'a3', 'a4')
    await through()
    t.same(bursts.map(({ texts }) => texts).sort(), [['a1', 'a2'], ['a3', 'a4'], ['b1', 'b2']])
  })

  test1('what is full does not wait for what follows, whose listener is still at work', async (t, store) => {
    const { app, bursts, collect, send } = await open(t, create(t, store))
    const [begun, second, third] = [gate(), gate(), gate()]
    app.webhooks.on('newMessage', async function save ({ message: { content } }) {
      if (content === 'a2') begun.resolve(undefined)
      if (content === 'a2') await second.promise
      if (content === 'a3') await third.promise
    })
    collect({ quiet: 60_000, within: 60_000, most: 2 })
    await send('a1', 'a2')
    await begun.promise // alone: what is claimed with it is settled with it
    await send('a3')
    second.resolve(undefined)
    await until(() => bursts.length > 0)
    t.same(bursts.map(({ texts }) => texts), [['a1', 'a2']])
    third.resolve(undefined)
  })

  test1('what comes in while a full burst is handed over makes the next one full', async (t, store) => {
    const { app, bursts, collect, send, through } = await open(t, create(t, store))
    const [begun, second, last] = [gate(), gate(), gate()]
    app.webhooks.on('newMessage', async function save ({ message: { content } }) {
      if (content === 'a2') begun.resolve(undefined)
      if (content === 'a2') await second.promise
      if (content === 'a4') await last.promise
    })
    collect({ quiet: 60_000, within: 60_000, most: 2 })
    await send('a1', 'a2')
    await begun.promise
    await send('a3', 'a4')
    second.resolve(undefined)
    await until(() => bursts.length > 0)
    last.resolve(undefined)
    await through()
    t.same(bursts.map(({ texts }) => texts), [['a1', 'a2'], ['a3', 'a4']])
  })

  test1('none waits for longer than `within`, however many follow', async (t, store) => {
    const { bursts, collect, send, through } = await open(t, create(t, store))
    collect({ quiet: 1_000, within: 1_000 })
    let sent = 0
    while (bursts.length === 0) {
      await send(`a${++sent}`)
      await setTimeout(10)
    }
    await through()
    const texts = bursts.flatMap(({ texts }) => texts)
    t.same(texts, Array.from({ length: sent }, (_, i) => `a${i + 1}`))
    t.ok(bursts[0] !== undefined && bursts[0].texts.length > 1, 'those that came in meanwhile are with the first')
  })

  test1('until when a burst waits is when its last event is due, also if that is `within`', async (t, store) => {
    const { app, collect, send } = await open(t, create(t, store))
    app.webhooks.on('newMessage', function save () {})
    collect({ quiet: 60_000, within: 60_000 })
    const waits = async (text: string) => {
      const [id = ''] = await send(text)
      await until(async () => (await app.webhooks.inbox.get(id))?.isCollected === true)
      return await app.webhooks.inbox.get(id)
    }
    const receivedAt = Number((await waits('a1'))?.receivedAt)
    const start = receivedAt + 1_000
    await until(() => Date.now() >= start)
    const dueAt = Number((await waits('a2'))?.dueAt)
    // PostgreSQL reckons from when it is told.
    t.ok(dueAt <= receivedAt + 60_002 + Date.now() - start, 'in whole milliseconds of two clocks')
  })

  test1('a burst fails, is tried again, dies and is replayed as one', async (t, store) => {
    const { app, bursts, errors, collect, send, through } = await open(t, create(t, store), { retry: { ...RETRY, attempts: 2 } })
    let works = false
    collect(QUIET, () => { if (!works) throw new Error('not yet') })
    const ids = await send('a1', 'a2', 'a3')
    await through()
    t.match(await app.webhooks.inbox.stats(), { dead: 3 })
    t.same(bursts.map(({ texts, attempt }) => [texts, attempt]), [[['a1', 'a2', 'a3'], 1], [['a1', 'a2', 'a3'], 2]])
    t.same(errors.map(({ listener, dead }) => [listener, dead]), [['answer', false], ['answer', true]])
    t.match(await app.webhooks.inbox.get(String(ids[1])), { state: 'dead', attempts: 2, error: 'answer: not yet', deliveries: [{ failures: [{ listener: 'answer' }] }, { attempt: 2 }] })
    works = true
    t.equal(await app.webhooks.inbox.replay([...ids].reverse()), 3)
    await through()
    t.same(bursts.at(-1), { texts: ['a1', 'a2', 'a3'], ids, attempt: 1 })
    t.match(await app.webhooks.inbox.stats(), { done: 3 })
  })

  test1('what comes in while a burst is at work is the next one, and other listeners do not wait for it', async (t, store) => {
    const { app, bursts, collect, send, through } = await open(t, create(t, store))
    const heard: string[] = []
    app.webhooks.on('newMessage', ({ message: { content } }) => { heard.push(String(content)) })
    const atWork = Promise.withResolvers<undefined>()
    collect(AT_ONCE, async () => { await atWork.promise })
    await send('a1')
    await until(() => bursts.length === 1)
    await send('a2')
    await until(() => heard.length === 2)
    t.equal(bursts.length, 1)
    atWork.resolve(undefined)
    await through()
    t.same(bursts.map(({ texts }) => texts), [['a1'], ['a2']])
  })

  test1('bursts that are at work take no place of other conversations', async (t, store) => {
    const { app, bursts, collect, send, through } = await open(t, create(t, store), { concurrency: 1 })
    const heard: string[] = []
    app.webhooks.on('newMessage', ({ message: { content } }) => { heard.push(String(content)) })
    const atWork = Promise.withResolvers<undefined>()
    collect(AT_ONCE, async ({ texts }) => { if (texts[0] === 'a1') await atWork.promise })
    await send('a1')
    await until(() => bursts.length === 1)
    await send('b1', 'c1')
    await until(() => heard.length === 3)
    atWork.resolve(undefined)
    await through()
    t.same(bursts.map(({ texts }) => texts).sort(), [['a1'], ['b1'], ['c1']])
  })

  test1('each collector has its own bursts; one that fails is called again alone', async (t, store) => {
    const { app, bursts, collect, send, through } = await open(t, create(t, store))
    const others: string[][] = []
    collect({ ...QUIET, most: 2 })
    app.webhooks.collect('event', QUIET, function other (events, { attempt }) {
      others.push([String(attempt), ...textsOf(events as readonly NewMessage[])])
      if (attempt === 1) throw new Error('not yet')
    })
    await send('a1', 'a2', 'a3')
    await through()
    t.same(bursts.map(({ texts }) => texts), [['a1', 'a2'], ['a3']])
    t.same(others, [['1', 'a1', 'a2', 'a3'], ['2', 'a1', 'a2', 'a3']])
    t.match(await app.webhooks.inbox.stats(), { pending: 0, done: 3, dead: 0 })
  })

  test1('a collector that gives up is what its events are dead of, once all others are through', async (t, store) => {
    const { app, collect, send, through } = await open(t, create(t, store))
    const others: string[] = []
    collect(AT_ONCE, () => { throw new NonRetriableError('never') })
    app.webhooks.collect('newMessage', QUIET, function sum (events) { others.push(...textsOf(events)) })
    const [id = ''] = await send('a1')
    await through()
    t.same(others, ['a1'])
    t.match(await app.webhooks.inbox.get(id), { state: 'dead', error: /failed for good/ })
  })

  test1('an event that a listener has given up is collected, and dead all the same', async (t, store) => {
    const { app, bursts, collect, send, through } = await open(t, create(t, store))
    app.webhooks.on('newMessage', function save () { throw new NonRetriableError('never') })
    collect(AT_ONCE)
    const [id = ''] = await send('a1')
    await through()
    t.same(bursts.map(({ texts }) => texts), [['a1']])
    t.match(await app.webhooks.inbox.get(id), { state: 'dead', error: /save/ })
    // And to be replayed for the listener that failed.
    t.equal(await app.webhooks.inbox.replay([id]), 1)
    await through()
    t.equal(bursts.length, 1)
  })

  test1('what waits for a collector that is removed is done, unless another one wants it', async (t, store) => {
    const { app, bursts, collect, send, through } = await open(t, create(t, store))
    const remove = collect(QUIET)
    app.webhooks.on('newMessage', () => {})
    const [id = ''] = await send('a1')
    await until(async () => (await app.webhooks.inbox.get(id))?.isCollected === true)
    remove()
    remove()
    await through()
    t.same(bursts, [])
    t.match(await app.webhooks.inbox.get(id), { state: 'done' })
  })

  test1('what waits for a collector that is removed goes to another one of its name', async (t, store) => {
    const { app, bursts, collect, send, through } = await open(t, create(t, store))
    const remove = collect(QUIET)
    const [id = ''] = await send('a1')
    await until(async () => (await app.webhooks.inbox.get(id))?.isCollected === true)
    remove()
    const later: Burst[] = []
    collect(AT_ONCE, (burst) => { later.push(burst) })
    await through()
    t.same(later, [{ texts: ['a1'], ids: [id], attempt: 1 }])
    t.same(bursts, later)
  })

  test1('what waits does so through a restart, and is handed over with what was on its way, by the options of now once more comes', async (t, store) => {
    const first = await open(t, create(t, store))
    first.collect({ quiet: 60_000, within: 60_000 })
    const ids = await first.send('a1', 'a2', 'a3')
    await first.app.close()
    t.same(first.bursts, [])
    const second = await open(t, create(t, store))
    second.collect(QUIET)
    ids.push(...await second.send('a4'))
    await second.through()
    // One, unless the start took longer than it is to be quiet.
    t.same(second.bursts.flatMap(({ texts }) => texts), ['a1', 'a2', 'a3', 'a4'])
    t.same(second.bursts.flatMap(({ ids }) => ids), ids)
  })

  test1('closing waits for a collector that is at work; one that takes too long is abandoned, and called again', async (t, store) => {
    const first = await open(t, create(t, store), { drainTimeout: 1 })
    const aborted = Promise.withResolvers<unknown>()
    first.collect(AT_ONCE, async (_burst, { signal }) => {
      signal.addEventListener('abort', () => { aborted.resolve(signal.reason) })
      await aborted.promise
    })
    await first.send('a1')
    await until(() => first.bursts.length === 1)
    await first.app.close()
    t.match(await aborted.promise, { code: 'FST_ONEROUTE_CLOSING' })
    const second = await open(t, create(t, store))
    second.collect(AT_ONCE)
    await second.app.ready()
    await second.through()
    t.same(second.bursts.map(({ texts }) => texts), [['a1']])
  })

  test1('a collector that outlives its time has failed, is not called again while it is at work, and its late success counts', async (t, store) => {
    const { app, bursts, errors, collect, send, through } = await open(t, create(t, store), { timeout: 20 })
    const atWork = Promise.withResolvers<undefined>()
    collect(AT_ONCE, async () => { await atWork.promise })
    await send('a1')
    await until(() => errors.length === 2)
    atWork.resolve(undefined)
    await through()
    t.equal(bursts.length, 1)
    t.match(errors[0], { listener: 'answer', cause: { code: 'FST_ONEROUTE_LISTENER_TIMEOUT' } })
    t.match(await app.webhooks.inbox.stats(), { done: 1 })
  })

  test1('after `retry.blockFor` a burst is tried beside its conversation, as one', async (t, store) => {
    const { bursts, collect, send, through } = await open(t, create(t, store), { retry: { ...RETRY, blockFor: 0 } })
    let works = false
    collect({ quiet: 300, within: 60_000 }, ({ texts }) => { if (texts.includes('a1') && !works) throw new Error('not yet') })
    await send('a1', 'a2')
    await until(() => bursts.length > 0)
    await send('a3')
    await until(() => bursts.some(({ texts }) => texts[0] === 'a3'))
    works = true
    await through()
    t.same(new Set(bursts.map(({ texts }) => texts.join(' '))), new Set(['a1 a2', 'a3']))
  })

  test1('a thousand conversations at once: each event is handed over once, in order, with those that came with it', async (t, store) => {
    const { app, bursts, collect, sendAtOnce, through } = await open(t, create(t, store), { lane: (event) => String((event as NewMessage).message.content).split(' ')[0] })
    collect({ quiet: 2_000, within: 60_000 })
    const names = Array.from({ length: 1_000 }, (_, i) => String(i))
    for (const round of [1, 2]) await sendAtOnce(names.map((name) => `${name} ${round}`))
    await through()
    const heard = Map.groupBy(bursts.flatMap(({ texts }) => texts), (text) => text.split(' ')[0])
    t.same(names.map((name) => heard.get(name)), names.map((name) => [`${name} 1`, `${name} 2`]))
    t.ok(bursts.every(({ texts }) => new Set(texts.map((text) => text.split(' ')[0])).size === 1), 'of one conversation each')
    t.match(await app.webhooks.inbox.stats(), { done: 2_000 })
  })
}
