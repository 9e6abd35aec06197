import { hash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { json, text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import tap, { test } from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { newMessage, sign } from '../../lib/testing/testing.ts'
import { until } from '../faults/helpers/until.ts'
import { createApp } from '../helpers/app.ts'
import { temporaryFile } from '../helpers/sqlite.ts'
import { directory } from './helpers/files.ts'
import { post, serve, start } from './helpers/running.ts'

tap.jobs = 4

test('channels.ts runs', async (t) => {
  const { url, printed } = await start(t, 'channels.ts', { ONEROUTE_SECRET: 'key' })
  const body = JSON.stringify(newMessage())
  t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await printed('newMessage accepted in ')
  t.equal(await post(url, body), 401)
  await printed('unknown refused in ')
})

test('notify.mjs runs', async (t) => {
  const told: unknown[] = []
  const other = await serve(t, (request, response) => {
    void json(request).then((value) => {
      if (request.url === '/notify') told.push(value)
      response.writeHead(request.url === '/notify' ? 204 : 500).end()
    })
  })
  const server = await start(t, 'notify.mjs', { ONEROUTE_SECRET: 'key', CRM_URL: `${other}/crm`, NOTIFY_URL: `${other}/notify` })
  const body = JSON.stringify(newMessage({ message: { content: 'to be forwarded' } }))
  t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await until(() => told.length > 0)
  const { retryAt, ...rest } = told[0] as Record<string, unknown> // as it was posted
  t.same(rest, { listener: 'forward', dead: false, id: hash('sha256', body, 'base64url') }, 'and nothing of the event')
  t.ok(Date.parse(String(retryAt)) > 0)
  await server.printed(`${new URL(other).host} has answered 500`)
})

test('reply.mjs runs', async (t) => {
  const keys: Array<[string | undefined, unknown]> = []
  const other = await serve(t, (request, response) => {
    keys.push([request.url, request.headers['idempotency-key']])
    response.writeHead(request.url === '/replies' && keys.length < 4 ? 500 : 204).end()
    request.resume()
  })
  const server = await start(t, 'reply.mjs', { ONEROUTE_SECRET: 'key', TICKETS_URL: `${other}/tickets`, REPLIES_URL: `${other}/replies` })
  const bodies = [true, false].map((authUser) => JSON.stringify(newMessage({ message: { sender: { authUser } }, conversation: { id: 'one' } })))
  for (const body of bodies) t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await until(() => keys.length > 3)
  const [agent = '', customer = ''] = bodies.map((body) => hash('sha256', body, 'base64url'))
  t.same(keys.slice(0, 1), [['/tickets', `${agent}:openTicket`]], 'no reply to the agent')
  t.same(keys.slice(1, 3).sort(), [['/replies', `${customer}:reply`], ['/tickets', `${customer}:openTicket`]])
  t.same(keys.slice(3), [['/replies', `${customer}:reply`]], 'only the step that failed, with the same key')
})

test('collect.mjs runs', async (t) => {
  const questions: unknown[] = []
  const bot = await serve(t, (request, response) => {
    void text(request).then((question) => {
      questions.push([question, request.headers['idempotency-key']])
      response.writeHead(204).end()
    })
  })
  const server = await start(t, 'collect.mjs', { ONEROUTE_SECRET: 'key', BOT_URL: bot })
  const bodies = ['hey', 'my order 17', 'where is it?'].map((content) => JSON.stringify(newMessage({ message: { content }, conversation: { id: 'a burst' } })))
  for (const body of bodies) t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await server.printed('one answer')
  t.same(questions, [['hey\nmy order 17\nwhere is it?', `${hash('sha256', bodies[0] ?? '', 'base64url')}:answer`]])
  t.equal(server.output().split('a message').length, 4)
})

test('answer.mjs runs', async (t) => {
  const { answerBursts } = await import(pathToFileURL(join(directory, 'answer.mjs')).href) as { answerBursts: (app: FastifyInstance, reply: (...given: unknown[]) => Promise<void>) => void } // as the block has it
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  const replies: unknown[] = []
  answerBursts(app, async (...given) => { replies.push(given) })
  await app.ready()
  const ids: string[] = []
  for (const content of ['hey', 'my order 17']) ids.push((await app.webhooks.receive(newMessage({ message: { content }, conversation: { id: 'a' } }))).id)
  await until(async () => (await app.webhooks.inbox.stats()).done === 2)
  t.match(replies, [['a', ['hey', 'my order 17'], { key: `${ids[0]}:answer`, signal: AbortSignal }]])
  t.equal(replies.length, 1)
})

test('save-and-reply.mjs runs', async (t) => {
  const keys: unknown[] = []
  const replies = await serve(t, (request, response) => {
    response.writeHead(keys.push(request.headers['idempotency-key']) === 1 ? 500 : 204).end()
    request.resume()
  })
  const server = await start(t, 'save-and-reply.mjs', { ONEROUTE_SECRET: 'key', REPLIES_URL: replies })
  const bodies = [true, false].map((authUser) => JSON.stringify(newMessage({ message: { sender: { authUser } } })))
  for (const body of bodies) t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await until(() => keys.length > 1)
  t.equal(await server.end('SIGTERM'), 0)
  const [agent, customer] = bodies.map((body) => hash('sha256', body, 'base64url'))
  t.same(keys, [`${customer ?? ''}:reply`, `${customer ?? ''}:reply`], 'the same key each time, and no reply to the agent')
  const saved = new DatabaseSync(join(directory, 'messages.db'))
  t.teardown(() => { saved.close() })
  t.same(saved.prepare('SELECT id FROM messages').all().map(({ id }) => id).sort(), [agent, customer].sort(), 'each once')
})

test('orders.ts runs', async (t) => {
  const server = await start(t, 'orders.ts')
  t.equal(await post(server.url, '{"event":"orderPaid","total":12.5}'), 200)
  await server.printed('12.50')
  t.equal(await post(server.url, '{"event":"orderPaid","total":"12.5"}'), 400)
  t.equal(await post(server.url, '{"event":"orderLost"}'), 200)
  await server.printed('not known: orderLost')
})
