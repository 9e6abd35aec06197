import { hash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { json } from 'node:stream/consumers'
import { test } from 'tap'
import { newMessage, sign } from '../../lib/testing/testing.ts'
import { until } from '../faults/helpers/until.ts'
import { directory } from './helpers/files.ts'
import { post, serve, start } from './helpers/running.ts'

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
