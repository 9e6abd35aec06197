import { once } from 'node:events'
import { connect } from 'node:http2'
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import { test } from 'tap'
import webhooks, { memoryInbox } from '../../../index.ts'
import { inspector } from '../../../lib/observe/inspector/inspector.ts'
import { newMessage } from '../../../lib/testing/testing.ts'

async function ask (session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: object) {
  const stream = session.request({ 'content-type': 'application/json', ...headers })
  stream.end(body === undefined ? undefined : JSON.stringify(body))
  const [[answer], json] = await Promise.all([once(stream, 'response') as Promise<[{ ':status': number }]>, text(stream)]) // as HTTP/2 has it
  return { status: answer[':status'], json }
}

test('over HTTP/2 events are received, watched and replayed, on this machine only, and closing is no noise', async (t) => {
  const warnings: string[] = []
  const hear = ({ message }: Error) => { warnings.push(message) }
  process.on('warning', hear)
  t.teardown(() => { process.off('warning', hear) })
  const app = Fastify({ http2: true })
  await app.register(webhooks, { inbox: memoryInbox({ history: 10 }) })
  await app.register(inspector, { prefix: '/inspector', authorize: 'loopback' })
  app.webhooks.on('newMessage', () => {})
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const session = connect(origin)
  t.teardown(() => { session.destroy() })

  const post = { ':method': 'POST', ':path': '/webhooks/oneroute' }
  t.match(await ask(session, post, newMessage()), { status: 200, json: /accepted/ })
  const { id } = JSON.parse((await ask(session, post, newMessage())).json) as { id: string } // as it answers
  const replay = { ':method': 'POST', ':path': '/inspector/api/replay', origin }
  t.same(await ask(session, replay, { ids: [id] }), { status: 200, json: '{"count":1}' })
  t.match(await ask(session, { ...replay, origin: 'http://evil.example' }, { ids: [id] }), { status: 403 })
  t.match(await ask(session, { ':path': '/inspector/api/events', ':authority': 'evil.example' }), { status: 403 })

  const stream = session.request({ ':path': '/inspector/api/stream' })
  const heard = text(stream)
  const [first] = await once(stream, 'data') as [Buffer] // as every stream of bytes gives it
  t.match(first.toString(), 'retry: 2000')
  const closed = app.close()
  await heard
  session.close() // which older versions of Node wait for
  await closed
  t.same(warnings, [])
})
