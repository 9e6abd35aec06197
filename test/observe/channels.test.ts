import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { DeliveryMessage, ReceiveMessage, SignatureMessage } from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { RequestContexts } from '../../lib/observe/request-contexts.ts'
import { answerOf, createApp, gate, message, post, turns } from '../helpers/app.ts'
import { sign } from '../helpers/http.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

/** What is published on a channel until the test ends. */
function heard<Message> (t: Test, name: string, note = (message: Message) => message): Message[] {
  const messages: Message[] = []
  const listen = (message: unknown) => { messages.push(note(message as Message)) } // as README says
  subscribe(`fastify-oneroute-webhooks:${name}`, listen)
  t.teardown(() => { unsubscribe(`fastify-oneroute-webhooks:${name}`, listen) })
  return messages
}

const RETRY = { attempts: 3, minDelay: 1, maxDelay: 1, factor: 1 }

test('every answer is told', async (t) => {
  const { app } = await createApp(t, { secret: 'key' })
  app.webhooks.on('newMessage', ({ message: { content } }) => { if (content === 'fail') throw new Error('broken') })
  const told = heard<ReceiveMessage>(t, 'receive')
  const send = async (body: string) => answerOf(await post(app, body, sign(body, 'key')))
  const body = JSON.stringify(message())
  const { id } = await send(body)
  await send(body)
  await send('{"event":"constructor"}')
  await send('{"event":"newMessage"}')
  await send('{}')
  await post(app, body)
  await send(JSON.stringify(message('a', 'fail')))
  t.match(told, [
    { id, name: 'newMessage', outcome: 'accepted', code: null },
    { id, name: 'newMessage', outcome: 'duplicate', code: null },
    { name: 'unknown', outcome: 'accepted', code: null },
    { name: 'newMessage', outcome: 'invalid', code: 'FST_ONEROUTE_INVALID_EVENT' },
    { id: null, name: 'unknown', outcome: 'refused', code: 'FST_ONEROUTE_NO_EVENT_NAME' },
    { id: null, name: 'unknown', outcome: 'refused', code: 'FST_ONEROUTE_BAD_SIGNATURE' },
    { name: 'newMessage', outcome: 'failed', code: 'FST_ONEROUTE_NOT_DELIVERED' }
  ])
  t.match(told[3]?.id, /^[\w-]{43}$/)
  for (const { webhooks, duration } of told) {
    t.equal(webhooks, app.webhooks)
    t.ok(duration > 0)
  }
})

test('what comes in without HTTP is told, too', async (t) => {
  const { app } = await createApp(t)
  const told = heard<ReceiveMessage>(t, 'receive')
  const { id } = await app.webhooks.receive(message())
  await t.rejects(app.webhooks.receive('{"event":"newMessage"}'))
  await t.rejects(app.webhooks.receive('{'))
  t.match(told, [
    { id, name: 'newMessage', outcome: 'accepted' },
    { id: String, name: 'newMessage', outcome: 'invalid' },
    { id: null, name: 'unknown', outcome: 'refused', code: 'FST_ONEROUTE_INVALID_JSON' }
  ])
})

test('which key has matched, and what was wrong with a signature', async (t) => {
  const { app } = await createApp(t, { secret: ['new', 'old'] })
  const told = heard<SignatureMessage>(t, 'signature')
  const body = JSON.stringify(message())
  for (const headers of [sign(body, 'new'), sign(body, 'old'), {}, { 'x-oneroute-signature': 'ab' }, sign(body, 'other')]) await post(app, body, headers)
  const spaced = JSON.stringify(JSON.parse(body), null, 1)
  await post(app, spaced, sign(body, 'old'))
  t.same(told.map(({ outcome, key }) => [outcome, key]), [
    ['valid', 0], ['valid', 1], ['missing', null], ['malformed', null], ['wrong', null], ['reserialised', 1]
  ])
  t.equal(told[0]?.webhooks, app.webhooks)
})

test('every delivery is told when it begins and when it ends', async (t) => {
  const { app } = await createApp(t, { inbox: new ModelInbox(), retry: RETRY })
  const started = heard<DeliveryMessage>(t, 'delivery:start', (message) => ({ ...message }))
  const ended = heard<DeliveryMessage>(t, 'delivery:end')
  const cause = new Error('broken')
  app.webhooks.on('newMessage', function quick () {})
  app.webhooks.on('newMessage', async function slow () { await turns() })
  app.webhooks.on('newMessage', async function failing (event, { attempt }) { if (event.message.content === 'dead' || attempt === 1) throw cause })
  app.webhooks.on('smsDeliveryReport', () => {})
  const [first, second] = [message('a', 'late'), message('b', 'dead')]
  const { id } = await app.webhooks.receive(first)
  await app.webhooks.receive(second)
  await app.webhooks.receive({ event: 'other' })
  while ((await app.webhooks.inbox.stats()).pending > 0) await turns()
  t.match(started.filter((message) => message.id === id), [1, 2].map((attempt) => ({
    webhooks: app.webhooks, name: 'newMessage', event: first, attempt, receivedAt: Date, outcome: null, retryAt: null, listeners: []
  })))
  const [failed, late] = ended.filter((message) => message.id === id)
  t.match(failed, { outcome: 'retry', attempt: 1, retryAt: Date, duration: Number })
  t.same(failed?.listeners.map(({ name, error }) => [name, error]).sort(), [['failing', cause], ['quick', null], ['slow', null]])
  t.match(late, { outcome: 'done', attempt: 2, retryAt: null, listeners: [{ name: 'failing', duration: Number, error: null }] })
  t.same(ended.filter(({ event }) => (event.message as { content?: string } | undefined)?.content === 'dead').map(({ outcome }) => outcome), ['retry', 'retry', 'dead'])
  t.match(ended.filter(({ name }) => name === 'unknown'), [{ outcome: 'ignored', listeners: [] }])
})

test('a delivery that closing does not wait for is told', async (t) => {
  const { app } = await createApp(t, { inbox: new ModelInbox(), drainTimeout: 1 })
  const ended = heard<DeliveryMessage>(t, 'delivery:end')
  const begun = gate()
  app.webhooks.on('newMessage', async function endless () {
    begun.resolve(undefined)
    await new Promise(() => {})
  })
  await app.webhooks.receive(message())
  await begun.promise
  await app.close()
  t.match(ended, [{ outcome: 'abandoned', retryAt: null, listeners: [] }])
})

test('the first delivery is in the context of its request while somebody wants to know of it', async (t) => {
  const requests = new AsyncLocalStorage<string>()
  for (const inbox of [memoryInbox(), sqliteInbox({ path: temporaryFile(t) })]) {
    const contexts: Array<[content: unknown, attempt: number, request: string | undefined]> = []
    const { app } = await createApp(t, { inbox, retry: RETRY })
    app.webhooks.on('newMessage', async ({ message: { content } }, { attempt }) => {
      await turns()
      contexts.push([content, attempt, requests.getStore()])
      if (content === '2' && attempt === 1) throw new Error('broken')
    })
    heard(t, 'delivery:start')
    // One lane: those behind the first are begun when that has ended.
    const contents = ['1', '2', '3']
    await Promise.all(contents.map(async (content) => {
      await requests.run(`request ${content}`, async () => { await post(app, message('a', content)) })
    }))
    while (contexts.length < (inbox.durable ? 4 : 3)) await turns()
    t.same(contexts.filter(([, attempt]) => attempt === 1), contents.map((content) => [content, 1, `request ${content}`]))
  }
})

test('a repeat leaves no context behind, and of too many the oldest goes', async (t) => {
  const origins = new RequestContexts()
  const requests = new AsyncLocalStorage<number>()
  const contextOf = (id: string) => origins.run(id, () => requests.getStore())
  for (let i = 0; i <= 10_000; i++) requests.run(i, () => origins.note(String(i)))
  t.equal(requests.run(-1, () => origins.note('10000')), false, 'it has one')
  t.equal(contextOf('0'), undefined)
  t.equal(contextOf('1'), 1)
  t.equal(contextOf('1'), undefined, 'once')
  origins.forget('2')
  t.equal(contextOf('2'), undefined)
  t.equal(contextOf('10000'), 10_000)
})

test('a subscriber that a repeat has come for sees the first one only', async (t) => {
  const { app } = await createApp(t)
  const ended = heard<DeliveryMessage>(t, 'delivery:end')
  app.webhooks.on('newMessage', () => {})
  const event = message()
  t.match(await app.webhooks.receive(event), { status: 'accepted' })
  t.match(await app.webhooks.receive(event), { status: 'duplicate' })
  t.equal(ended.length, 1)
})
