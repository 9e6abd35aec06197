import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { createApp, gate, message, post, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

async function listen (app: FastifyInstance): Promise<number> {
  return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
}

async function send (port: number, agent: Agent, event: unknown): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const sending = request({ port, agent, method: 'POST', path: '/webhooks/oneroute', headers: { 'content-type': 'application/json' } }, (reply) => {
      reply.resume()
      resolve(reply)
    })
    sending.on('error', reject)
    sending.end(JSON.stringify(event))
  })
}

for (const [what, fails, statusCode] of [['handled', false, 200], ['failing', true, 500]] as const) {
  test(`while closing, a ${what} request in flight is answered with Connection: close`, async (t) => {
    const { app } = await createApp(t)
    const agent = new Agent({ keepAlive: true })
    t.teardown(() => { agent.destroy() })
    const [entered, held] = [gate(), gate()]
    app.webhooks.on('newMessage', async () => {
      entered.resolve(undefined)
      await held.promise
      if (fails) throw new Error('broken')
    })
    const port = await listen(app)
    const replying = send(port, agent, message())
    await entered.promise
    const closing = app.close()
    await turns()
    held.resolve(undefined)
    const reply = await replying
    t.equal(reply.statusCode, statusCode)
    t.equal(reply.headers.connection, 'close')
    await closing
  })
}

test('a request whose body arrives while closing is delivered, and answered with Connection: close', async (t) => {
  const entered = gate()
  const { app } = await createApp(t, { routeOptions: { onRequest: async () => { entered.resolve(undefined) } } })
  let heard = 0
  app.webhooks.on('newMessage', () => { heard++ })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => { agent.destroy() })
  const body = JSON.stringify(message())
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  const sending = request({ port: await listen(app), agent, method: 'POST', path: '/webhooks/oneroute', headers })
  const replying = new Promise<IncomingMessage>((resolve) => sending.on('response', resolve))
  sending.write(body.slice(0, 10))
  await entered.promise
  const closing = app.close()
  await turns()
  sending.end(body.slice(10))
  const reply = await replying
  reply.resume()
  t.equal(reply.statusCode, 200)
  t.equal(reply.headers.connection, 'close')
  t.equal(heard, 1)
  await closing
})

test('closing leaves the connections of answered requests alive until then', async (t) => {
  const { app } = await createApp(t)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => { agent.destroy() })
  const reply = await send(await listen(app), agent, message())
  t.equal(reply.statusCode, 200)
  t.equal(reply.headers.connection, 'keep-alive')
})

test('closing waits for listeners for `drainTimeout`, aborts their signal, and answers 503', async (t) => {
  const [arrived, entered] = [gate(), gate()]
  let requests = 0
  const onRequest = async () => { if (++requests === 2) arrived.resolve(undefined) }
  const { app, lines } = await createApp(t, { drainTimeout: 20, routeOptions: { onRequest } })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => { agent.destroy() })
  let signal: AbortSignal | undefined
  app.webhooks.on('newMessage', async (_event, context) => {
    signal = context.signal
    entered.resolve(undefined)
    await gate().promise
  })
  const port = await listen(app)
  const replies = [send(port, agent, message('a')), send(port, agent, message('a'))]
  await Promise.all([arrived.promise, entered.promise])
  await app.close()
  for (const reply of await Promise.all(replies)) {
    t.equal(reply.statusCode, 503)
    t.match(reply.headers, { 'retry-after': /^\d+$/, connection: 'close' })
  }
  t.match(signal?.reason, { code: 'FST_ONEROUTE_CLOSING' })
  t.ok(lines.some(({ msg }) => msg.includes('closing no longer waits')))
})

test('closing waits for what was received without HTTP', async (t) => {
  const { app } = await createApp(t)
  const held = gate()
  app.webhooks.on('newMessage', async () => { await held.promise })
  await app.ready()
  const receiving = app.webhooks.receive(message())
  await turns()
  const closing = app.close()
  await turns()
  held.resolve(undefined)
  t.match(await receiving, { status: 'accepted' })
  await closing
})

test('closing an app that never became ready ends what was opened', async (t) => {
  const inbox = new ModelInbox()
  const { app } = await createApp(t, { inbox })
  await app.close()
  await t.rejects(app.webhooks.receive(message()))
})

test('a durable inbox keeps what was not begun, and what had not finished in time', async (t) => {
  const inbox = new ModelInbox()
  const { app } = await createApp(t, { inbox, drainTimeout: 20 })
  const entered = gate()
  const begun: unknown[] = []
  app.webhooks.on('newMessage', async ({ message }) => {
    begun.push(message.content)
    if (message.content === 'done') return
    entered.resolve(undefined)
    await gate().promise
  })
  for (const content of ['done', 'slow', 'next']) await post(app, message('a', content))
  await entered.promise
  await app.close()
  t.same(begun, ['done', 'slow'])
  t.same(inbox.rows.map(({ now, attempts }) => `${now} ${attempts}`), ['done 1', 'pending 0', 'pending 0'])
})

test('an inbox that cannot be closed when the time is up is logged', async (t) => {
  const { memoryInbox } = await import('../../index.ts')
  const inbox = memoryInbox()
  const close = inbox.close.bind(inbox)
  let times = 0
  inbox.close = async () => { await close(); if (times++ === 0) throw new Error('stuck') }
  const { app, lines } = await createApp(t, { inbox, drainTimeout: 5 })
  const entered = gate()
  app.webhooks.on('newMessage', async () => { entered.resolve(undefined); await gate().promise })
  const agent = new Agent()
  t.teardown(() => { agent.destroy() })
  const replying = send(await listen(app), agent, message())
  await entered.promise
  await app.close()
  t.equal((await replying).statusCode, 503)
  t.ok(lines.some(({ msg }) => msg === 'the inbox could not be closed'))
})

test('closing waits for the inbox to answer a claim, and gives back what it got', async (t) => {
  const inbox = new ModelInbox()
  const claim = inbox.claim.bind(inbox)
  const [asked, held] = [gate(), gate()]
  inbox.claim = async (lanes) => {
    asked.resolve(undefined)
    await held.promise
    return await claim(lanes)
  }
  const { app } = await createApp(t, { inbox })
  app.webhooks.on('newMessage', () => { t.fail('delivered while closing') })
  await post(app, message())
  await asked.promise
  let closed = false
  const closing = app.close().then(() => { closed = true })
  await turns()
  t.equal(closed, false)
  held.resolve(undefined)
  await closing
  t.same(inbox.rows.map(({ now, attempts }) => `${now} ${attempts}`), ['pending 0'])
})

test('closing does not wait longer than `drainTimeout` for an inbox that does not answer', async (t) => {
  const inbox = new ModelInbox()
  inbox.claim = async () => await gate().promise.then(() => [])
  const { app } = await createApp(t, { inbox, drainTimeout: 5 })
  app.webhooks.on('newMessage', () => { t.fail('delivered') })
  await post(app, message())
  await app.close()
  t.match(inbox.stats(), { pending: 1 })
})

test('an inbox that fails once the end no longer waits for it starts no timer', async (t) => {
  const inbox = new ModelInbox()
  const held = Promise.withResolvers<never>()
  inbox.claim = async () => await held.promise
  const { app, lines } = await createApp(t, { inbox, drainTimeout: 5 })
  app.webhooks.on('newMessage', () => { t.fail('delivered') })
  await post(app, message())
  await app.close()
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  held.reject(new Error('away'))
  await turns()
  t.ok(lines.some(({ msg }) => msg === 'no events could be taken from the inbox'))
  t.equal(timers(), before)
})

test('however often the inbox fails, one timer waits to ask it again, and none after closing', async (t) => {
  const inbox = new ModelInbox()
  inbox.claim = () => { throw new Error('away') }
  const { app, lines } = await createApp(t, { inbox })
  app.webhooks.on('newMessage', () => { t.fail('delivered') })
  await app.ready()
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  for (let i = 0; i < 5; i++) await post(app, message())
  t.ok(lines.filter(({ msg }) => msg === 'no events could be taken from the inbox').length >= 5)
  t.ok(timers() <= before, 'the same one')
  await app.close()
  t.equal(timers(), before - 1)
})
