import Fastify from 'fastify'
import { test } from 'tap'
import webhooks from '../../index.ts'
import { createApp, gate, message, post, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

/** An inbox whose process has ended without closing it, with an event in it. */
async function recoveringInbox (): Promise<ModelInbox> {
  const inbox = new ModelInbox()
  await inbox.open({ log: { error () {} } as never, maxBacklog: 10, wake () {} }) // it says nothing here
  const event = message('a', 'from before')
  await inbox.add({ id: 'before', name: 'newMessage', lane: 'a', state: 'pending', body: Buffer.from(JSON.stringify(event)), event, receivedAt: Date.now(), problems: null })
  return Object.assign(inbox, { isRecovering: true })
}

test('after an unclean end the route takes requests before anything is delivered', async (t) => {
  const { app } = await createApp(t, { inbox: await recoveringInbox() })
  const other = gate()
  const steps: string[] = []
  app.webhooks.on('newMessage', () => { steps.push(app.server.listening ? 'delivered, and it listens' : 'delivered before it listens') })
  app.addHook('onReady', async () => {
    await other.promise
    steps.push('ready')
  })
  const listening = app.listen({ port: 0, host: '127.0.0.1' })
  await turns()
  other.resolve(undefined)
  await listening
  while (steps.length < 2) await turns()
  t.same(steps, ['ready', 'delivered, and it listens'])
})

test('so it is in a scope of its own', async (t) => {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  const inbox = await recoveringInbox()
  const heard: boolean[] = []
  await app.register(async (scope) => {
    await scope.register(webhooks, { inbox })
    scope.webhooks.on('newMessage', () => { heard.push(app.server.listening) })
  }, { prefix: '/scope' })
  await app.listen({ port: 0, host: '127.0.0.1' })
  while (heard.length === 0) await turns()
  t.same(heard, [true])
})

test('an app that does not listen delivers all the same', async (t) => {
  const inbox = await recoveringInbox()
  const { app } = await createApp(t, { inbox })
  const heard: unknown[] = []
  app.webhooks.on('newMessage', ({ message: { content } }) => { heard.push(content) })
  await app.ready()
  await post(app, message('a', 'new'))
  while (inbox.stats().pending > 0) await turns()
  t.same(heard, ['from before', 'new'])
})

test('a process that only delivers, and one that is closed at once, wait for nothing', async (t) => {
  const inbox = await recoveringInbox()
  const { app } = await createApp(t, { inbox, receive: false })
  app.webhooks.on('newMessage', () => {})
  await app.ready()
  while (inbox.stats().pending > 0) await turns()
  const other = await recoveringInbox()
  const { app: closed } = await createApp(t, { inbox: other })
  closed.webhooks.on('newMessage', () => { t.fail('not delivered') })
  await closed.ready()
  await closed.close()
  t.match(other.stats(), { pending: 1 })
})

test('an app that does not get ready delivers nothing', async (t) => {
  const { app } = await createApp(t, { inbox: await recoveringInbox() })
  app.webhooks.on('newMessage', () => { t.fail('not delivered') })
  app.addHook('onReady', async () => { await turns(); throw new Error('not ready') })
  await t.rejects(async () => { await app.ready() }, { message: 'not ready' })
  await turns()
})
