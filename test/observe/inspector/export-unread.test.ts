import { once } from 'node:events'
import { connect } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { until } from '../../faults/helpers/until.ts'
import { message, turns } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { createInspected, replaceFind } from './inspected.ts'

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

test('exports whose answers fail before they are read have ended', async (t) => {
  const { app } = await createInspected(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  let isBroken = true
  app.addHook('onSend', async () => { if (isBroken) throw new Error('broken') })
  const ask = async () => (await app.inject('/inspector/api/export')).statusCode
  for (let i = 0; i < 2; i++) await ask()
  isBroken = false
  t.equal(await ask(), 200)
})

test('so have those whose readers have left before they may look', async (t) => {
  let hasLeft = 0
  const authorize = async ({ raw: { socket }, headers: { host } }: FastifyRequest) => {
    if (host !== 'leaves') return true
    if (!socket.closed) await once(socket, 'close')
    await turns()
    hasLeft++
    return true
  }
  const { app } = await createInspected(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) }, { authorize })
  app.addHook('onSend', async ({ headers: { host } }) => { if (host === 'leaves') throw new Error('broken') })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  for (let i = 0; i < 2; i++) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.end('GET /inspector/api/export HTTP/1.1\r\nHost: leaves\r\n\r\n')
    socket.destroySoon()
  }
  await until(() => hasLeft === 2)
  for (let i = 0; i < 5; i++) await turns()
  t.equal((await app.inject('/inspector/api/export')).statusCode, 200)
})
