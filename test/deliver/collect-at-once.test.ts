import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import Fastify from 'fastify'
import { test } from 'tap'
import type { NewEvent, WebhooksOptions } from '../../index.ts'
import { ListenerRunner } from '../../lib/deliver/listener-runner.ts'
import { EventCatalogue } from '../../lib/events/catalogue.ts'
import { RequestContexts } from '../../lib/observe/request-contexts.ts'
import { resolveOptions } from '../../lib/webhooks/options.ts'
import { createApp, message } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'
import { emitter } from './helpers/emitter.ts'

const nothing = () => {}
const OTHER = { event: 'other' }

function create () {
  const webhooks = emitter()
  const runner = new ListenerRunner({ webhooks, log: Fastify().log, catalogue: new EventCatalogue({}), options: resolveOptions({}), durable: true, contexts: new RequestContexts() })
  let count = 0
  return { webhooks, runner, wait: (event: { event: string } = message(), lane = 'a', id = String(++count)) => runner.collectAtOnce(event, lane, id)?.wait }
}

test('an event that comes in waits for collectors if they alone want it', (t) => {
  const { webhooks, wait } = create()
  t.equal(wait(), undefined, 'nobody does')
  const remove = webhooks.collect('newMessage', { quiet: 300 }, nothing)
  t.equal(wait(), 300)
  t.equal(wait(OTHER), undefined, 'no collector wants it')
  for (const name of ['newMessage', 'event'] as const) {
    webhooks.on(name, nothing)
    t.equal(wait(), undefined, name)
    webhooks.off(name, nothing)
  }
  for (const name of ['invalid', 'unknown'] as const) webhooks.on(name, nothing)
  t.equal(wait(), 300, 'what others listen for is something else')
  remove()
  t.equal(wait(), undefined, 'it is not collected any more')
  t.end()
})

test('what has no schema waits for those who collect it, and the shortest of several times counts', (t) => {
  const { webhooks, wait } = create()
  webhooks.collect('unknown', { quiet: 300 }, nothing)
  t.equal(wait(OTHER), 300)
  t.equal(wait(), undefined)
  webhooks.collect('event', { quiet: 200 }, () => {})
  t.same([wait(OTHER), wait()], [200, 200])
  webhooks.collect('event', { quiet: 400 }, () => {})
  t.same([wait(OTHER), wait()], [200, 200])
  webhooks.on('unknown', nothing)
  t.same([wait(OTHER), wait()], [undefined, 200])
  t.end()
})

test('what makes a burst full waits no longer: each lane is counted on its own, and what a listener wants is not', (t) => {
  const { webhooks, wait } = create()
  webhooks.collect('newMessage', { quiet: 300, most: 3 }, nothing)
  webhooks.on('newMessage', nothing)
  for (let i = 0; i < 3; i++) wait()
  webhooks.off('newMessage', nothing)
  t.same([wait(), wait(), wait(message(), 'b')], [300, 300, 300])
  t.same([wait(), wait(message(), 'b')], [0, 300])
  t.end()
})

test('what comes in again counts once, and what is not accepted does not count', (t) => {
  const { webhooks, runner, wait } = create()
  webhooks.collect('newMessage', { quiet: 300, most: 2 }, nothing)
  t.same([wait(message(), 'a', 'one'), wait(message(), 'b', 'one')], [300, 300])
  const again = runner.collectAtOnce(message(), 'a', 'one')
  again?.takeBack()
  const refused = runner.collectAtOnce(message(), 'b', 'refused')
  t.equal(refused?.wait, 0)
  refused?.takeBack()
  refused?.takeBack()
  t.same([wait(message(), 'a', 'two'), wait(message(), 'b', 'one')], [0, 300])
  t.end()
})

/** Notes what it is given, and has nothing of it. */
class NotingInbox extends ModelInbox {
  override readonly durable = true
  readonly collects = true
  readonly given: NewEvent[] = []

  answer: 'accepted' | 'duplicate' | Error = 'accepted'

  override async add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    this.given.push(event)
    if (this.answer instanceof Error) throw this.answer
    return this.answer
  }
}

async function given (t: Parameters<typeof createApp>[0], options: WebhooksOptions): Promise<ReadonlyArray<readonly [string, number | undefined]>> {
  const inbox = new NotingInbox()
  const { app } = await createApp(t, { ...options, inbox })
  app.webhooks.collect('event', { quiet: 300 }, nothing)
  await app.ready()
  await app.webhooks.receive(message('a'))
  await app.webhooks.receive({ ...message('a'), conversation: 5 })
  app.webhooks.on('newMessage', nothing)
  await app.webhooks.receive(message('a'))
  return inbox.given.map(({ name, state, problems, collectAfter }) => [`${name} ${state} ${problems === null}`, collectAfter] as const)
}

test('the inbox is told so of what is of its schema, where events are delivered', async (t) => {
  t.same(await given(t, {}), [['newMessage pending true', 300], ['newMessage invalid false', undefined], ['newMessage pending true', undefined]])
  t.same(await given(t, { deliver: false }), [['newMessage pending true', undefined], ['newMessage pending false', undefined], ['newMessage pending true', undefined]])
})

test('of what collectors alone want, no request is noted, and of what a listener wants it is', async (t) => {
  const inbox = new NotingInbox()
  const { app } = await createApp(t, { inbox })
  app.webhooks.collect('newMessage', { quiet: 300 }, nothing)
  await app.ready()
  const noted = t.capture(RequestContexts.prototype, 'note')
  subscribe('fastify-oneroute-webhooks:delivery:end', nothing)
  t.teardown(() => unsubscribe('fastify-oneroute-webhooks:delivery:end', nothing))
  await app.webhooks.receive(message('a', 'a1'))
  t.same(noted(), [])
  app.webhooks.on('newMessage', nothing)
  await app.webhooks.receive(message('a', 'a2'))
  t.equal(noted().length, 1)
})

test('what is a duplicate, or is refused, is no part of what waits', async (t) => {
  const inbox = new NotingInbox()
  const { app } = await createApp(t, { inbox })
  app.webhooks.collect('newMessage', { quiet: 300, most: 2 }, nothing)
  await app.ready()
  inbox.answer = 'duplicate'
  await app.webhooks.receive(message('a', 'a1'))
  inbox.answer = new Error('full')
  await t.rejects(app.webhooks.receive(message('a', 'a2')), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
  inbox.answer = 'accepted'
  for (const text of ['a3', 'a4']) await app.webhooks.receive(message('a', text))
  t.same(inbox.given.map(({ collectAfter }) => collectAfter), [300, 300, 300, 0])
})
