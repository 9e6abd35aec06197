import { FormatRegistry, Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { Inbox, ReceiveMessage, WebhooksOptions } from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { observe } from '../../lib/observe/observe.ts'
import { answerOf, createApp, gate, message, post, turns } from '../helpers/app.ts'
import { until } from '../faults/helpers/until.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

const Job = Type.Object({ event: Type.Literal('job'), number: Type.Number(), conversation: Type.Object({ id: Type.String() }) })
const events: WebhooksOptions['events'] = { job: Job }
const RETRY = { attempts: 3, minDelay: 1, maxDelay: 2 }

declare module '../../lib/events/schemas.ts' {
  interface WebhookEvents {
    job: Static<typeof Job>
  }
}

function job (conversation: string, number: unknown) {
  return { event: 'job', number, conversation: { id: conversation } }
}

const DURABLE: ReadonlyArray<[name: string, create: (t: Test) => Inbox]> = [
  ['a model', () => new ModelInbox()],
  ['SQLite', (t) => sqliteInbox({ path: temporaryFile(t) })]
]

async function settled (inbox: Pick<Inbox, 'stats'>): Promise<void> {
  await until(async () => (await inbox.stats()).pending === 0)
}

for (const [name, create] of DURABLE) {
  test(`${name}: an invalid event is kept, signed or not, told of, and delivered to nobody`, async (t) => {
    const { app, lines } = await createApp(t, { inbox: create(t), events })
    const told: ReceiveMessage[] = []
    t.teardown(observe(app.webhooks, { receive: (message) => { told.push(message) } }))
    for (const name of ['job', 'event', 'unknown'] as const) app.webhooks.on(name, () => { t.fail('it is delivered') })
    const reply = await post(app, job('a', 'a secret'))
    t.equal(reply.statusCode, 200)
    const { id } = answerOf(reply)
    t.same(reply.json(), { status: 'invalid', id, problems: ['/number: Expected number'] })
    t.match(await app.webhooks.inbox.get(String(id)), { state: 'invalid', lane: 'a', error: '/number: Expected number', attempts: 0 })
    t.match(lines.filter(({ level }) => level === 40), [{ msg: /unsigned/ }, { msg: 'a webhook is not of its schema', webhook: id, problems: ['/number: Expected number'], reqId: /./ }])
    t.match(told, [{ id, name: 'job', outcome: 'invalid', code: 'FST_ONEROUTE_INVALID_EVENT' }])
    t.notMatch(JSON.stringify(lines), 'a secret')
    t.same(answerOf(await post(app, job('a', 'a secret'))), { status: 'duplicate', id })
    t.same(await app.webhooks.receive(job('b', 'x')), { status: 'invalid', id: (await app.webhooks.inbox.list())[0]?.id, problems: ['/number: Expected number'] })
    await turns()
    t.match(await app.webhooks.inbox.stats(), { pending: 0, invalid: 2, lastReceivedAt: null })
  })

  test(`${name}: listeners of invalid get it in its place in the conversation, with what is wrong, and again if they fail`, async (t) => {
    const inbox = create(t)
    const { app } = await createApp(t, { inbox, events, retry: RETRY })
    const heard: string[] = []
    const held = gate()
    app.webhooks.on('job', async ({ number }) => {
      heard.push(`job ${number}`)
      await held.promise
    })
    app.webhooks.on('event', ({ event }) => { heard.push(`event ${event}`) })
    app.webhooks.on('invalid', ({ event, number }, { attempt, problems }) => {
      heard.push(`invalid ${event} ${String(number)} ${attempt} ${problems.join()}`)
      if (attempt < 3) throw new Error('not yet')
    })
    for (const number of [1, 'two', 3]) t.match(answerOf(await post(app, job('a', number))), { status: number === 'two' ? 'invalid' : 'accepted' })
    held.resolve(undefined)
    await settled(app.webhooks.inbox)
    const invalid = (attempt: number) => `invalid job two ${attempt} /number: Expected number`
    t.same(heard, ['job 1', 'event job', invalid(1), invalid(2), invalid(3), 'job 3', 'event job'])
    t.match(await app.webhooks.inbox.stats(), { done: 3, invalid: 0 })
  })

  test(`${name}: a replay delivers an invalid event under its own name, as it is`, async (t) => {
    const inbox = create(t)
    const { app } = await createApp(t, { inbox, events })
    const { id } = answerOf(await post(app, job('a', 'two')))
    const heard: unknown[] = []
    app.webhooks.on('invalid', () => { t.fail('it was replayed') })
    app.webhooks.on('job', (event, { problems }) => { heard.push(event, problems) })
    t.equal(await app.webhooks.inbox.replay([String(id)]), 1)
    await settled(app.webhooks.inbox)
    t.same(heard, [job('a', 'two'), []])
    t.match(await app.webhooks.inbox.stats(), { done: 1, invalid: 0 })
  })

  test(`${name}: what waits for a listener of invalid that is not there any more is invalid then`, async (t) => {
    const { app } = await createApp(t, { inbox: create(t), events })
    const held = gate()
    const listener = () => { t.fail('it is gone') }
    app.webhooks.on('job', async () => { await held.promise })
    app.webhooks.on('invalid', listener)
    await post(app, job('a', 1))
    const { id } = answerOf(await post(app, job('a', 'two')))
    app.webhooks.off('invalid', listener)
    held.resolve(undefined)
    await settled(app.webhooks.inbox)
    t.match(await app.webhooks.inbox.get(String(id)), { state: 'invalid', error: '/number: Expected number' })
    t.match(await app.webhooks.inbox.stats(), { done: 1, invalid: 1 })
  })

  test(`${name}: more invalid events than maxBacklog are answered 400, and others are taken`, async (t) => {
    const { app } = await createApp(t, { inbox: create(t), events, maxBacklog: 2 })
    for (const number of ['1', '2']) t.match(answerOf(await post(app, job('a', number))), { status: 'invalid' })
    const reply = await post(app, job('a', '3'))
    t.equal(reply.statusCode, 400)
    t.match(answerOf(reply), { code: 'FST_ONEROUTE_INVALID_EVENT', message: /\/number: Expected number/ })
    t.match(answerOf(await post(app, job('a', 3))), { status: 'accepted' })
  })

  test(`${name}: an invalid event that comes again when it is of the schema is delivered`, async (t) => {
    const path = temporaryFile(t)
    const shared = new ModelInbox()
    const inbox = () => name === 'SQLite' ? sqliteInbox({ path }) : shared
    const before = await createApp(t, { inbox: inbox(), events })
    t.match(answerOf(await post(before.app, job('a', '12.50'))), { status: 'invalid' })
    await before.app.close()
    const mended = { job: Type.Object({ event: Type.Literal('job'), number: Type.Union([Type.Number(), Type.String()]) }) }
    const { app } = await createApp(t, { inbox: inbox(), events: mended })
    const heard: unknown[] = []
    app.webhooks.on('job', (event) => { heard.push(event) })
    t.match(answerOf(await post(app, job('a', '12.50'))), { status: 'accepted' })
    t.match(answerOf(await post(app, job('a', '12.50'))), { status: 'duplicate' })
    await settled(app.webhooks.inbox)
    t.same(heard, [job('a', '12.50')])
    t.match(await app.webhooks.inbox.stats(), { done: 1, invalid: 0 })
  })
}

test('what waits to be delivered as invalid, and is of the schema by then, is delivered under its own name', async (t) => {
  const path = temporaryFile(t)
  const receiver = await createApp(t, { inbox: sqliteInbox({ path }), events, deliver: false })
  t.match(answerOf(await post(receiver.app, job('a', '12.50'))), { status: 'invalid' })
  t.match(await receiver.app.webhooks.inbox.stats(), { pending: 1, invalid: 0 }, 'there may be a listener where it is delivered')
  await receiver.app.close()
  const mended = { job: Type.Object({ event: Type.Literal('job'), number: Type.Union([Type.Number(), Type.String()]) }) }
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }), events: mended })
  const heard: unknown[] = []
  app.webhooks.on('invalid', () => { t.fail('it is valid by now') })
  app.webhooks.on('job', (event, { problems }) => { heard.push(event, problems) })
  await app.ready()
  await settled(app.webhooks.inbox)
  t.same(heard, [job('a', '12.50'), []])
})

test('what listeners of invalid have completed is nothing to those of its own name', async (t) => {
  const path = temporaryFile(t)
  const before = await createApp(t, { inbox: sqliteInbox({ path }), events, retry: { minDelay: 1, maxDelay: 1, attempts: 1_000 } })
  const failing = gate()
  before.app.webhooks.on('invalid', () => {})
  before.app.webhooks.on('invalid', () => { throw new Error('broken') })
  before.app.webhooks.on('error', () => { failing.resolve(undefined) })
  await post(before.app, job('a', '12.50'))
  await failing.promise
  await before.app.close()
  const mended = { job: Type.Object({ event: Type.Literal('job'), number: Type.Union([Type.Number(), Type.String()]) }) }
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }), events: mended })
  const heard: unknown[] = []
  app.webhooks.on('job', (event) => { heard.push(event) })
  await app.ready()
  await settled(app.webhooks.inbox)
  t.same(heard, [job('a', '12.50')])
})

test('what a check of the app makes of a value by throwing is invalid, and nobody is told what it threw', async (t) => {
  FormatRegistry.Set('a url', (value) => Boolean(new URL(value)))
  t.teardown(() => { FormatRegistry.Delete('a url') })
  const linked = { link: Type.Object({ event: Type.Literal('link'), url: Type.String({ format: 'a url' }) }) }
  const { app, lines } = await createApp(t, { inbox: new ModelInbox(), events: linked })
  const reply = await post(app, { event: 'link', url: 'jane@example.com' })
  t.match(reply.json(), { status: 'invalid', problems: [': A check of the schema throws: it has to return false'] })
  t.match(answerOf(await post(app, { event: 'link', url: 'https://example.com' })), { status: 'accepted' })
  t.notMatch(reply.body + JSON.stringify(lines), 'jane')
})

test('a process that delivers makes of it what its listeners want', async (t) => {
  const path = temporaryFile(t)
  const receiver = await createApp(t, { inbox: sqliteInbox({ path }), events, deliver: false })
  for (const number of ['1', '2']) await post(receiver.app, job('a', number))
  await receiver.app.close()
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }), events })
  const heard: string[] = []
  app.webhooks.once('invalid', ({ number }) => { heard.push(String(number)) })
  app.webhooks.on('job', () => { t.fail('it is invalid') })
  await app.ready()
  await settled(app.webhooks.inbox)
  t.same(heard, ['1'])
  t.match(await app.webhooks.inbox.stats(), { done: 1, invalid: 1 })
})

test('with the memory inbox an invalid event is for listeners of invalid, or refused', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 5 }), events })
  app.webhooks.on('event', () => { t.fail('it is delivered') })
  t.equal((await post(app, job('a', 'x'))).statusCode, 400)
  await t.rejects(app.webhooks.receive(job('a', 'x')), { code: 'FST_ONEROUTE_INVALID_EVENT' })
  let broken = true
  app.webhooks.on('invalid', async () => { if (broken) throw new Error('broken') })
  t.match(answerOf(await post(app, job('a', 'x'))), { code: 'FST_ONEROUTE_NOT_DELIVERED' })
  broken = false
  const reply = await post(app, job('a', 'x'))
  t.same(reply.json(), { status: 'invalid', id: answerOf(reply).id, problems: ['/number: Expected number'] })
  t.match(answerOf(await post(app, job('a', 'x'))), { status: 'duplicate' })
})

test('with the memory inbox one whose listener is gone by its turn is refused, and can be replayed as it is', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 5 }), events })
  const held = gate()
  const heard: unknown[] = []
  const listener = () => { t.fail('it is gone') }
  app.webhooks.on('job', async ({ number }) => {
    heard.push(number)
    await held.promise
  })
  app.webhooks.on('invalid', listener)
  const first = post(app, job('a', 1))
  await turns()
  const second = post(app, job('a', 'two'))
  await turns()
  app.webhooks.off('invalid', listener)
  held.resolve(undefined)
  t.equal((await first).statusCode, 200)
  t.equal((await second).statusCode, 400)
  const [event] = await app.webhooks.inbox.list({ state: 'invalid' })
  t.match(event, { error: '/number: Expected number' })
  t.match(await app.webhooks.inbox.stats(), { invalid: 1, pending: 0 })
  t.equal(await app.webhooks.inbox.replay([String(event?.id)]), 1)
  await settled(app.webhooks.inbox)
  t.same(heard, [1, 'two'])
})

test('an invalid event that the options cannot deal with is kept all the same', async (t) => {
  const options: WebhooksOptions = {
    inbox: new ModelInbox(),
    events,
    key: ({ number }) => (number as number).toFixed(), // as it is in the schema
    lane: ({ number }) => `lane ${(number as number).toFixed()}`
  }
  const { app } = await createApp(t, options)
  t.match(answerOf(await post(app, job('a', 7))), { status: 'accepted' })
  t.match(answerOf(await post(app, job('a', 'seven'))), { status: 'invalid' })
  t.match(await app.webhooks.inbox.list(), [{ state: 'invalid', lane: 'a' }, { state: 'pending', lane: 'lane 7' }])
})

test('what nobody is told of is still an event of a conversation: messages that differ in a detail are no invalid ones', async (t) => {
  const { app } = await createApp(t, { inbox: new ModelInbox() })
  app.webhooks.on('invalid', () => { t.fail('it is valid') })
  t.match(answerOf(await post(app, message())), { status: 'accepted' })
})
