import { once } from 'node:events'
import { request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../index.ts'
import { createApp, message, post } from '../helpers/app.ts'
import { deliveries, head, JSON_TYPE, listen, SECRET, sign } from '../helpers/http.ts'

const BODY = JSON.stringify(message())
const LARGE = Buffer.alloc(3_000_000, 'x')

/** Without `Connection: close`. */
const kept = (headers: string[], length?: number) => head(headers, length).replace('Connection: close\r\n', '')

const TYPE = { 'content-type': 'application/json' }

const FIELDS: Array<[what: string, fields: Record<string, string>]> = [['missing', TYPE], ['malformed', { ...TYPE, 'x-oneroute-signature': 'sha512=ab' }]]

async function start (t: Test) {
  const { app } = await createApp(t, { secret: SECRET })
  return { heard: deliveries(app), port: await listen(app) }
}

/** A socket, and a function that waits until so many answers have come. */
async function open (t: Test, port: number) {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  let text = ''
  socket.setEncoding('utf8').on('data', (data: string) => { text += data })
  const statuses = () => Array.from(text.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status))
  const answers = async (count: number) => {
    while (statuses().length < count) await once(socket, 'data')
    return statuses()
  }
  await once(socket, 'connect')
  return { socket, answers }
}

for (const [what, fields] of FIELDS) {
  const headers = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)

  test(`a signature that is ${what} is refused before the body has come`, async (t) => {
    const { port } = await start(t)
    const { socket, answers } = await open(t, port)
    socket.write(kept(headers, BODY.length))
    t.strictSame(await answers(1), [401])
  })

  test(`what comes after a signature that is ${what} is read away, and the connection is good for more`, async (t) => {
    const { port, heard } = await start(t)
    const { socket, answers } = await open(t, port)
    socket.write(kept(headers, LARGE.length))
    t.strictSame(await answers(1), [401], 'also of a body that is too large')
    socket.write(LARGE.subarray(0, 1_000_000))
    socket.write(LARGE.subarray(1_000_000))
    socket.write(kept([JSON_TYPE, `x-oneroute-signature: ${sign(BODY)['x-oneroute-signature'] ?? ''}`], BODY.length) + BODY)
    t.strictSame(await answers(2), [401, 200])
    socket.write(`${kept([...headers, 'Transfer-Encoding: chunked'])}5\r\n{"eve\r\n`)
    t.strictSame(await answers(3), [401, 200, 401])
    socket.write('3\r\nnt"\r\n0\r\n\r\n')
    socket.write(kept([JSON_TYPE], 0))
    t.strictSame(await answers(4), [401, 200, 401, 401])
    t.strictSame(heard, [JSON.parse(BODY)])
  })

  test(`a client that asks before it sends is answered, with a signature that is ${what}`, async (t) => {
    const { port } = await start(t)
    const client = request({ port, host: '127.0.0.1', method: 'POST', path: '/webhooks/oneroute', headers: { ...fields, expect: '100-continue', 'content-length': LARGE.length } })
    t.teardown(() => { client.destroy() })
    const answered = once(client, 'response')
    client.flushHeaders()
    await once(client, 'continue')
    for (let at = 0; at < LARGE.length; at += 100_000) {
      client.write(LARGE.subarray(at, at + 100_000))
      await new Promise((resolve) => { setImmediate(resolve) })
    }
    client.end()
    t.match(await answered, [{ statusCode: 401 }])
    await once(client, 'finish')
  })

  test(`the same by HTTP/2: a signature that is ${what} ends its stream, and no other`, async (t) => {
    const app = Fastify({ http2: true })
    const heard: unknown[] = []
    await app.register(webhooks, { secret: SECRET })
    app.webhooks.on('event', (event) => { heard.push(event) })
    const session = connectHttp2(await app.listen({ port: 0, host: '127.0.0.1' }))
    t.teardown(async () => {
      session.destroy()
      await app.close()
    })
    const send = async (fields: Record<string, string>, body: string | Buffer) => {
      const stream = session.request({ ':method': 'POST', ':path': '/webhooks/oneroute', ...fields })
      stream.on('error', () => {}) // the server may hang up on what it does not want to read; its answer is what counts
      const answered = once(stream, 'response')
      stream.end(body)
      return await answered as unknown[]
    }
    t.match(await send(fields, BODY), [{ ':status': 401 }])
    t.match(await send(fields, LARGE), [{ ':status': 401 }])
    t.match(await send({ 'content-type': 'text/plain', ...sign(BODY) }, BODY), [{ ':status': 200 }])
    const other = JSON.stringify(message())
    t.match(await send(sign(other), other), [{ ':status': 200 }], 'with neither a type nor a length')
    t.strictSame(heard, [JSON.parse(BODY), JSON.parse(other)])
  })
}

test('a header that a hook of the app has taken away or changed since is no signature', async (t) => {
  for (const header of [undefined, 'ab']) {
    const { app } = await createApp(t, {
      secret: SECRET,
      routeOptions: { preParsing: async (request, _reply, payload) => { request.headers = { ...request.headers, 'x-oneroute-signature': header }; return payload } }
    })
    t.equal((await post(app, BODY, sign(BODY))).statusCode, 401)
  }
})
