import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'
import { test } from 'tap'
import type { Test } from 'tap'
import type { WebhooksOptions } from '../../index.ts'
import { createApp, fixture, gate, message } from '../helpers/app.ts'
import { deliveries, exchange, head, JSON_TYPE, listen, SECRET, sign } from '../helpers/http.ts'

const GOOD = fixture('new-message')
const LIMIT = 1_048_576

/** `{"event":"a","b":…}` */
const withB = (json: string) => `{"event":"a","b":${json}}`
const nested = (depth: number, open: string, close: string) => open.repeat(depth) + '1' + close.repeat(depth)
const inMessage = (json: string) => GOOD.toString().replace('"Hello World!"', json)

/** Bodies, and what they are answered if they are signed or need not be. */
const BODIES: Array<[what: string, body: string | Buffer, statusCode: 200 | 400]> = [
  ['arrays 10 000 deep', nested(10_000, '[', ']'), 400],
  ['an event with arrays 10 000 deep', withB(nested(10_000, '[', ']')), 200],
  ['an event with objects 10 000 deep', withB(nested(10_000, '{"a":', '}')), 200],
  ['a message with arrays 10 000 deep for its text', inMessage(nested(10_000, '[', ']')), 400],
  ['a message with more than it needs, 10 000 deep', inMessage(`"x","b":${nested(10_000, '[{"a":', '}]')}`), 200],
  ['as deep as fits', withB(nested(524_000, '[', ']')), 200],
  ['as deep as fits, and never closed', '['.repeat(LIMIT), 400],
  ['__proto__ 10 000 deep', withB(nested(10_000, '{"__proto__":', '}')), 400],
  ['__proto__ below 10 000 arrays', withB(nested(10_000, '[', ']').replace('1', '{"__proto__":1}')), 400],
  ['what only looks like __proto__', withB(JSON.stringify('"__proto__":1')), 200],
  ['a constructor that is only a name', withB('{"constructor":"x","prototype":{}}'), 200],
  ['lone surrogates, escaped', '{"event":"\\ud800","b":"\\udc00\\ud800","\\udfff":1,"conversation":{"id":"\\ud83d"}}', 200],
  ['lone surrogates, encoded', Buffer.concat([Buffer.from('{"event":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]), 400],
  ['overlong UTF-8', Buffer.concat([Buffer.from('{"event":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]), 400],
  ['half a character at the end', Buffer.concat([GOOD, Buffer.from([0xe2, 0x82])]), 400],
  ['NUL bytes', Buffer.alloc(1_000), 400],
  ['a byte order mark, after all those bad bytes', `\ufeff${withB('1')}`, 200],
  ['nothing but a byte order mark', '\ufeff', 400],
  ['nothing but blanks', ' \r\n\t', 400],
  ['the same key twice: the last one counts', '{"event":"newMessage","event":"a","b":1,"b":2}', 200],
  ['a name without a character', '{"event":""}', 400],
  ['a known name that comes last', '{"event":"a","event":"newMessage"}', 400],
  ['a message with two texts, of which the last is none', inMessage('"x","content":5'), 400],
  ['a name of 5 000 characters', JSON.stringify({ event: 'n'.repeat(5_000) }), 200],
  ['a key of 5 000 characters', JSON.stringify({ event: 'a', ['k'.repeat(5_000)]: 1 }), 200],
  ['20 000 keys', `{"event":"a"${Array.from({ length: 20_000 }, (_, i) => `,"k${i}":1`).join('')}}`, 200],
  ['a conversation without an end', JSON.stringify({ event: 'a', conversation: { id: 'c'.repeat(200_000) } }), 200],
  ['a conversation that is no object', '{"event":"a","conversation":[{"id":"a"}]}', 200],
  ['a conversation whose id is no text', '{"event":"a","conversation":{"id":{"id":"a"}}}', 200],
  ['a time of 200 000 digits', GOOD.toString().replaceAll('.676Z', `.${'6'.repeat(200_000)}`), 200],
  ['a number beyond all numbers', fixture('sms-delivery-report').toString().replace('"units": 0', '"units": 1e999'), 400],
  ['200 000 digits', withB('9'.repeat(200_000)), 200],
  ['comments', `/* ${withB('1')} */`, 400],
  ['JavaScript', "{event:'a'}", 400],
  ['NaN', withB('NaN'), 400],
  ['a form', 'event=newMessage', 400],
  ['as large as it may be', withB('1').padEnd(LIMIT), 200],
  ...['error', 'newListener', 'removeListener', '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'unknown', 'event',
    ' ', 'newMessage\u0000', '../../etc/passwd', '%s %o', "'; drop table events; --"
  ].map((name): [string, string, 200] => [`the name ${JSON.stringify(name)}`, JSON.stringify({ event: name }), 200])
]

const parsed = (body: string | Buffer) => JSON.parse(body.toString().replace('\ufeff', '')) as unknown

const prototypes = () => [Object, Array, Function, String].map(({ prototype }) => Reflect.ownKeys(prototype).length)

async function start (t: Test, options: WebhooksOptions = {}) {
  const { app, lines } = await createApp(t, options)
  const heard = deliveries(app)
  app.webhooks.on('error', () => { t.fail('nobody hears of an error') })
  app.webhooks.on('unknown', ({ event }) => { t.not(event, 'newMessage') })
  return { lines, heard, port: await listen(app) }
}

for (const secret of [undefined, SECRET]) {
  test(`whatever is posted ${secret === undefined ? '' : 'with a signature '}is answered, and only events reach listeners`, async (t) => {
    const before = prototypes()
    const { lines, heard, port } = await start(t, secret === undefined ? {} : { secret })
    const wanted: unknown[] = []
    for (const [what, body, statusCode] of BODIES) {
      const signature = `x-oneroute-signature: ${sign(body)['x-oneroute-signature'] ?? ''}`
      const answer = await exchange(port, head([JSON_TYPE, signature], Buffer.byteLength(body)), body)
      t.equal(answer?.statusCode, statusCode, what)
      if (statusCode === 200) wanted.push(parsed(body))
    }
    t.equal(heard.length, wanted.length)
    t.strictSame(heard.filter((event, i) => !isSame(event, wanted[i])), [])
    t.strictSame(prototypes(), before)
    t.notOk(lines.some(({ level }) => level >= 50))
    t.match(await exchange(port, head([JSON_TYPE], 13), '{"event":"a"}'), { statusCode: secret === undefined ? 200 : 401 })
  })
}

function isSame (event: unknown, wanted: unknown): boolean {
  try {
    return isDeepStrictEqual(event, wanted)
  } catch (error) {
    return error instanceof RangeError // nested too deeply to be compared
  }
}

test('without a signature all of that is 401', async (t) => {
  const { heard, port } = await start(t, { secret: SECRET })
  for (const [what, body] of BODIES) {
    for (const signature of ['X-Other: 1', 'x-oneroute-signature: zz', `x-oneroute-signature: ${'0'.repeat(128)}`]) {
      t.match(await exchange(port, head([JSON_TYPE, signature], Buffer.byteLength(body)), body), { statusCode: 401 }, what)
    }
  }
  t.strictSame(heard, [])
})

/** What only a socket can send, and the answers that it may get. */
const REQUESTS: Array<[what: string, chunks: Array<string | Buffer>, statusCode: number]> = [
  ['no body and no type', [head([])], 400],
  ['no body and a length of 0', [head([JSON_TYPE], 0)], 400],
  ['a body without a type', [head([], GOOD.length), GOOD], 200],
  ['an empty type', [head(['Content-Type:'], GOOD.length), GOOD], 200],
  ['a type of 5 000 characters', [head([`Content-Type: application/${'j'.repeat(5_000)}`], GOOD.length), GOOD], 200],
  ['a length that announces too much', [head([JSON_TYPE], 4_097)], 413],
  ['a length without an end', [head([JSON_TYPE, `Content-Length: ${'9'.repeat(15)}`])], 413],
  ['a body in chunks', [head([JSON_TYPE, 'Transfer-Encoding: chunked']), `${GOOD.length.toString(16)}\r\n`, GOOD, '\r\n0\r\n\r\n'], 200],
  ['chunks that come to too much', [head([JSON_TYPE, 'Transfer-Encoding: chunked']), '1001\r\n', Buffer.alloc(4_097)], 413],
  ['chunks that are none', [head([JSON_TYPE, 'Transfer-Encoding: chunked']), 'zz\r\n{}\r\n'], 400],
  ['both a length and chunks', [head([JSON_TYPE, 'Transfer-Encoding: chunked'], 2), '2\r\n{}\r\n0\r\n\r\n'], 400],
  ['two lengths', [head([JSON_TYPE, 'Content-Length: 5'], 2), '{}'], 400],
  ['less than its length, and the end', [head([JSON_TYPE], GOOD.length + 1), GOOD], 400],
  ['a body that is said to be compressed', [head([JSON_TYPE, 'Content-Encoding: gzip'], 3), Buffer.from([0x1f, 0x8b, 0])], 415],
  ['headers without an end', [head([JSON_TYPE, `X-Long: ${'x'.repeat(17_000)}`], GOOD.length), GOOD], 431]
]

test('requests that are broken as HTTP are answered, and reach nobody', async (t) => {
  const { lines, heard, port } = await start(t, { bodyLimit: 4_096 })
  for (const [what, chunks, statusCode] of REQUESTS) {
    t.equal((await exchange(port, ...chunks))?.statusCode, statusCode, what)
  }
  t.strictSame(heard, [parsed(GOOD)], 'but for the one that was fine')
  t.notOk(lines.some(({ level }) => level >= 50))
})

test('requests in one go down one connection are answered in their order', async (t) => {
  const { heard, port } = await start(t)
  const request = (body: string) => head([JSON_TYPE], body.length).replace('Connection: close\r\n', '') + body
  const last = await exchange(port, request('{"event":"1"}'), request('{"event":"2"}') + request('{"event":"3"}'), head([JSON_TYPE], 1), '{')
  t.match(last, { statusCode: 400 })
  t.strictSame(heard, [{ event: '1' }, { event: '2' }, { event: '3' }])
})

/** Sends half an event, and returns once the app has begun to read it. */
async function stall (t: Test) {
  const [begun, aborted] = [gate(), gate()]
  const started = await start(t, {
    routeOptions: {
      preParsing: (_request, _reply, payload, done) => { begun.resolve(undefined); done(null, payload) },
      onRequestAbort: (_request, done) => { aborted.resolve(undefined); done() }
    }
  })
  const body = Buffer.from(JSON.stringify(message('a', 'stalled')))
  const socket: Socket = connect(started.port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  socket.write(head([JSON_TYPE], body.length))
  socket.write(body.subarray(0, 100))
  await begun.promise
  return { ...started, socket, aborted: aborted.promise, rest: body.subarray(100), body }
}

test('a body that stalls holds up nobody else, and is taken when it is complete', async (t) => {
  const { port, heard, socket, rest, body } = await stall(t)
  t.match(await exchange(port, head([JSON_TYPE], GOOD.length), GOOD), { statusCode: 200 })
  t.strictSame(heard, [parsed(GOOD)])
  socket.write(rest)
  const [reply] = await once(socket, 'data') as [Buffer]
  t.match(reply.toString(), /^HTTP\/1.1 200 /)
  t.strictSame(heard, [parsed(GOOD), parsed(body)])
})

test('a body that stalls and is cut off reaches nobody', async (t) => {
  const { lines, port, heard, socket, aborted } = await stall(t)
  socket.resetAndDestroy()
  await aborted
  t.match(await exchange(port, head([JSON_TYPE], GOOD.length), GOOD), { statusCode: 200 })
  t.strictSame(heard, [parsed(GOOD)])
  t.notOk(lines.some(({ level }) => level >= 50))
})

test('a body that stalls is let go in time with the limits of Node.js that README names', async (t) => {
  const limits = { requestTimeout: 50, http: { headersTimeout: 50, connectionsCheckingInterval: 10 } }
  const { app } = await createApp(t, {}, limits)
  const heard = deliveries(app)
  const answer = await stalled(t, await listen(app))
  t.match(answer, /^HTTP\/1.1 408 /)
  t.strictSame(heard, [])
})

/** What is answered to half a request until its connection is closed. */
async function stalled (t: Test, port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  socket.write(head([JSON_TYPE], GOOD.length))
  socket.write(GOOD.subarray(0, 100))
  return await text(socket)
}
