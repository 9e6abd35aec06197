import { connect } from 'node:net'
import { once } from 'node:events'
import { test } from 'tap'
import type { Test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { cli } from '../../cli/helpers.ts'
import { message, turns } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { createInspected, replaceFind } from './inspected.ts'

test('what fits is exported as the command line prints it, the newest first', async (t) => {
  const path = temporaryFile(t)
  const { app, ask, send } = await createInspected(t, { inbox: sqliteInbox({ path }) })
  await app.ready()
  for (let i = 0; i < 5; i++) await app.webhooks.receive(message(i % 2 === 0 ? 'a' : 'b', `number ${i} \u202e`))
  const all = await ask('export')
  t.match(all.headers, {
    'content-type': /^application\/x-ndjson/,
    'content-disposition': /^attachment; filename="events-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.ndjson"$/,
    'content-security-policy': /^default-src 'none'/,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store'
  })
  t.equal(all.body, (await cli(['inbox', 'list', '--json', '--db', path])).stdout)
  t.equal((await ask('export?conversation=a&text=NUMBER')).body, (await cli(['inbox', 'list', '--json', '--conversation', 'a', '--db', path])).stdout)
  t.equal((await ask('export?text=nothing')).body, '')
  const lines = all.body.trimEnd().split('\n')
  const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id) // as it was printed
  const some = await send('export', { ids: [ids[3], 'unknown', ids[0]] })
  t.match(some.headers, { 'content-type': /^application\/x-ndjson/, 'content-disposition': /^attachment/ })
  t.equal(some.body, `${lines[3]}\n${lines[0]}\n`)
  t.equal((await app.inject({ method: 'HEAD', url: '/inspector/api/export' })).statusCode, 404)
})

test('what is not shown is not exported, and does not decide what is', async (t) => {
  const { app, ask, send } = await createInspected(t, {}, { redact: ['credentials', 'email'] })
  app.webhooks.on('newMessage', ({ conversation: { customer } }) => { throw new Error(`no account for ${customer.email}`) })
  await t.rejects(app.webhooks.receive(newMessage({ conversation: { customer: { email: 'ada@mail.example' }, Channel: { credentials: { token: 'a long token' } } } })))
  const { body } = await ask('export')
  const { id } = JSON.parse(body) as { id: string } // a line
  for (const text of [body, (await send('export', { ids: [id] })).body]) {
    t.match(JSON.parse(text), { error: 'listener 1: no account for [redacted]', event: { conversation: { customer: { email: '[redacted]' }, Channel: { credentials: '[redacted]' } } } })
    t.notMatch(text, /ada@|long token/)
  }
  for (const text of ['ada@mail', 'long%20token']) t.equal((await ask(`export?text=${text}`)).body, '')
})

test('only whoever may look exports', async (t) => {
  const { app, send } = await createInspected(t, {}, { authorize: () => false })
  await app.webhooks.receive(message()).catch(() => {})
  t.match((await app.inject('/inspector/api/export')).json(), { statusCode: 403, code: 'FST_ONEROUTE_NOT_AUTHORIZED' })
  t.match((await send('export', { ids: ['a'] })).json(), { statusCode: 403, code: 'FST_ONEROUTE_NOT_AUTHORIZED' })
})

const LONG = 'x'.repeat(100_000)

/** An app whose export is more than a connection keeps for one who does not read, and one who does not read it. */
async function openUnread (t: Test) {
  const { app } = await createInspected(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await Promise.all(Array.from({ length: 120 }, (_, i) => app.webhooks.receive(message('a', `${i} ${LONG}`))))
  let asked = 0
  replaceFind(app, async (options, find) => {
    asked++
    return await find({ ...options, limit: 10 })
  })
  const open = async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    t.teardown(() => { socket.destroy() })
    socket.write('GET /inspector/api/export HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    await once(socket, 'readable')
    return socket
  }
  const socket = await open()
  let before = -1
  for (let still = 0; still < 20; still = asked === before ? still + 1 : 0) {
    before = asked
    await turns()
  }
  return { app, socket, open, asked: () => asked }
}

test('an export waits for whoever reads it, and ends when they leave', async (t) => {
  const { app, socket, asked } = await openUnread(t)
  t.ok(asked() > 0 && asked() < 12, `it has looked at a part only: ${asked()} times`)
  socket.destroy()
  const stopped = asked()
  while ((await app.inject('/inspector/api/ids?state=done')).statusCode !== 200) await turns()
  t.ok(asked() <= stopped + 3, 'and at no more')
})

test('an export waits for whoever reads it, and goes on with them', async (t) => {
  const { socket, asked } = await openUnread(t)
  let read = 0
  for await (const chunk of socket) read += (chunk as Buffer).length
  t.ok(read > 120 * LONG.length)
  t.ok(asked() >= 12)
})

test('two exports of all that fits are made at a time, and others when one has ended', async (t) => {
  const { app, socket, open } = await openUnread(t)
  await open()
  const another = async () => await app.inject('/inspector/api/export?text=nothing')
  t.match((await another()).json(), { statusCode: 429, code: 'FST_ONEROUTE_TOO_MANY_EXPORTS', message: /^There are 2 exports already/ })
  t.equal((await app.inject({ method: 'POST', url: '/inspector/api/export', payload: { ids: ['a'] } })).statusCode, 200, 'some events are not many')
  socket.destroy()
  while ((await another()).statusCode !== 200) await turns()
})

test('an app that closes does not wait for whoever reads an export', async (t) => {
  const { app, socket } = await openUnread(t)
  await app.close()
  const rest: Buffer[] = []
  socket.on('error', () => {}) // it was reset
  socket.on('data', (chunk: Buffer) => { rest.push(chunk) })
  if (!socket.closed) await once(socket, 'close')
  t.notOk(Buffer.concat(rest).toString('latin1').endsWith('\r\n0\r\n\r\n'), 'it was cut, and not ended as if that were all')
})
