import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Value } from '@sinclair/typebox/value'
import { test } from 'tap'
import type { Test } from 'tap'
import { createRateLimiter } from '../../../lib/cli/send/rate-limiter.ts'
import { NewMessage, SmsDeliveryReport } from '../../../lib/events/schemas.ts'
import { createApp, turns } from '../../helpers/app.ts'
import { cli, createReceiver, eventOf, hmac, listen } from '../helpers.ts'

const fixture = (name: string) => join(import.meta.dirname, `../../fixtures/${name}.json`)
const SECRET = 'a key with ünïcode'

test('an event is posted as OneRoute does: JSON, signed over its very bytes', async (t) => {
  const { requests, url } = await createReceiver(t)
  const { code, stdout, stderr } = await cli(['send', '--to', `${url}?from=test`, '--secret', SECRET])
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(stdout, /^1 event, signed, to http:\S+\/webhooks\/oneroute in [\d.e-]+ s\n {2}200 OK {2}1 {2}{"status":"accepted"}\nLatency: [\d.]+ ms\n$/)
  t.notMatch(stdout, SECRET)
  const [request] = requests
  t.match(request, { method: 'POST', url: '/webhooks/oneroute?from=test' })
  const { 'x-oneroute-signature': signature, ...headers } = request?.headers ?? {}
  t.equal(signature, hmac(request?.raw ?? Buffer.of(), SECRET))
  t.same(headers, {
    'content-type': 'application/json',
    'content-length': String(request?.raw.length),
    host: new URL(url).host,
    connection: 'keep-alive'
  })
})

test('the key of the environment signs, unless there is one on the command line', async (t) => {
  const { requests, url } = await createReceiver(t)
  const env = { ONEROUTE_SECRET: 'of the environment' }
  await cli(['send', '--to', url], { env })
  await cli(['send', '--to', url, '--secret', 'of the command line'], { env })
  const output = await cli(['send', '--to', url])
  t.same(requests.map(({ headers }) => headers['x-oneroute-signature']), [
    hmac(requests[0]?.raw ?? Buffer.of(), 'of the environment'),
    hmac(requests[1]?.raw ?? Buffer.of(), 'of the command line'),
    undefined
  ])
  t.match(output.stdout, /^1 event, unsigned/)
})

test('the documented events are of their schema, and newMessage is the default', async (t) => {
  const { url, events } = await createReceiver(t)
  for (const names of [[], ['newMessage'], ['smsDeliveryReport']]) await cli(['send', ...names, '--to', url])
  const [first, second, third] = events()
  t.ok(Value.Check(NewMessage, first))
  t.ok(Value.Check(NewMessage, second))
  t.ok(Value.Check(SmsDeliveryReport, third))
})

test('--content and --conversation are what is posted', async (t) => {
  const { url, events } = await createReceiver(t)
  await cli(['send', '--to', url, '--content', 'Is anyone there?', '--conversation', 'c 1'])
  await cli(['send', 'smsDeliveryReport', '--to', url, '--conversation', 'c 2'])
  const [message, report] = events()
  t.match(message, { message: { content: 'Is anyone there?', conversation_id: 'c 1' }, conversation: { id: 'c 1' } })
  t.match(report, { conversation: { id: 'c 2' } })
})

test('several events are all different, numbered, and of one conversation', async (t) => {
  for (const name of ['newMessage', 'smsDeliveryReport']) {
    const { requests, url, events } = await createReceiver(t)
    t.match(await cli(['send', name, '--to', url, '--count', '20']), { code: 0, stdout: /^20 events[^]* {2}200 OK {2}20\nLatency: p50 [\d.]+ ms, p90 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms\n$/ })
    t.equal(new Set(requests.map(({ raw }) => raw.toString())).size, 20)
    t.equal(new Set(events().map(({ conversation }) => conversation.id)).size, 1)
    if (name === 'smsDeliveryReport') continue
    t.same(events().map(({ message }) => message.content), Array.from({ length: 20 }, (_, i) => `Hello World! #${i + 1}`))
    t.equal(new Set(events().map(({ message }) => message.externalId)).size, 20)
  }
})

test('a content that was given is not numbered', async (t) => {
  const { url, events } = await createReceiver(t)
  await cli(['send', '--to', url, '--count', '2', '--content', 'same'])
  t.same(events().map(({ message }) => message.content), ['same', 'same'])
  t.not(events()[0]?.message.externalId, events()[1]?.message.externalId)
})

test('--repeat posts the very same bytes', async (t) => {
  for (const name of ['newMessage', 'smsDeliveryReport', fixture('new-message')]) {
    const { requests, url } = await createReceiver(t)
    t.match(await cli(['send', name, '--to', url, '--count', '3', '--repeat', '--conversation', 'c']), { code: 0 })
    t.equal(requests.length, 3)
    t.equal(new Set(requests.map(({ raw }) => raw.toString())).size, 1)
    t.match(JSON.parse(String(requests[0]?.raw)), { conversation: { id: 'c' } })
    t.notMatch(String(requests[0]?.raw), 'Hello World! #1')
    if (name === fixture('new-message')) t.match(JSON.parse(String(requests[0]?.raw)), { message: { externalId: null } }, 'as it was')
  }
})

test('--conversations spreads events over as many, in turn', async (t) => {
  for (const name of ['newMessage', 'smsDeliveryReport', fixture('new-message'), fixture('sms-delivery-report')]) {
    const { url, events } = await createReceiver(t)
    await cli(['send', name, '--to', url, '--count', '9', '--conversations', '3'])
    const ids = events().map(({ conversation }) => conversation.id)
    t.equal(new Set(ids).size, 3)
    t.same(ids, Array.from({ length: 9 }, (_, i) => ids[i % 3]))
    for (const { event, message, conversation } of events()) {
      if (event === 'newMessage') t.equal(message.conversation_id, conversation.id)
    }
  }
})

test('a file is posted byte for byte, whatever is in it', async (t) => {
  const { requests, url } = await createReceiver(t)
  const contents = ['\uFEFF{ "event" : "x" }\r\n', 'not JSON', '', Buffer.of(0xff, 0, 0xfe)]
  const directory = t.testdir(Object.fromEntries(contents.map((content, i) => [`${i}`, content])))
  for (const i of contents.keys()) {
    t.match(await cli(['send', join(directory, `${i}`), '--to', url, '--secret', SECRET]), { code: 0 })
    t.match(await cli(['send', '-', '--to', url, '--secret', SECRET], { stdin: contents[i] ?? '' }), { code: 0 })
    t.match(await cli(['send', join(directory, `${i}`), '--to', url, '--secret', SECRET, '--count', '2', '--repeat']), { code: 0 })
  }
  t.equal(requests.length, contents.length * 4)
  for (const [i, { raw, headers }] of requests.entries()) {
    t.strictSame(raw, Buffer.from(contents[Math.floor(i / 4)] ?? ''))
    t.equal(headers['x-oneroute-signature'], hmac(raw, SECRET))
  }
})

test('several events of a file differ in a field that their schema leaves free', async (t) => {
  const { requests, url, events } = await createReceiver(t)
  await cli(['send', fixture('new-message'), '--to', url, '--count', '3'])
  await cli(['send', fixture('sms-delivery-report'), '--to', url, '--count', '3'])
  await cli(['send', '-', '--to', url, '--count', '3'], { stdin: '\uFEFF{"event":"mine","message":{"a":1}}' })
  await cli(['send', '-', '--to', url, '--count', '3'], { stdin: '{"event":"newMessage","message":"of a wrong shape"}' })
  t.equal(new Set(requests.map(({ raw }) => raw.toString())).size, 12)

  const sample: unknown = JSON.parse(readFileSync(fixture('new-message'), 'utf8'))
  const [messages, reports, mine, misshapen] = [0, 3, 6, 9].map((start) => events().slice(start, start + 3))
  for (const event of messages ?? []) {
    t.ok(Value.Check(NewMessage, event))
    t.same({ ...event, message: { ...event.message, externalId: null } }, sample, 'and in nothing else')
  }
  for (const event of reports ?? []) {
    t.ok(Value.Check(SmsDeliveryReport, event))
    t.same(Object.keys(event), ['event', 'message', 'conversation'])
  }
  for (const event of mine ?? []) t.match(event, { event: 'mine', message: { a: 1 }, sendId: /^[\da-f-]{36}$/ })
  for (const event of misshapen ?? []) t.match(event, { message: 'of a wrong shape', sendId: /^[\da-f-]{36}$/ })
})

test('--content and --conversation change a file, and nothing else does', async (t) => {
  const { url, events } = await createReceiver(t)
  await cli(['send', fixture('new-message'), '--to', url, '--content', 'Hi', '--conversation', 'c'])
  t.match(events()[0], { message: { content: 'Hi', conversation_id: 'c', externalId: null }, conversation: { id: 'c', status: 'in-queue' } })
  await cli(['send', '-', '--to', url, '--conversation', 'c'], { stdin: '{"event":"mine"}' })
  t.same(events()[1], { event: 'mine', conversation: { id: 'c' } })
  await cli(['send', fixture('new-message'), '--to', url, '--content', ''])
  t.match(events()[2], { message: { content: '', conversation_id: 'bf9d96d9-e495-489a-a22a-206b0ea44d90' } })
})

test('one request at a time is in flight, so events arrive in order', async (t) => {
  let inFlight = 0
  const { url, events } = await createReceiver(t, (response) => {
    t.equal(++inFlight, 1)
    setTimeout(() => { inFlight--; response.end() }, Math.random() * 4)
  })
  await cli(['send', '--to', url, '--count', '20'])
  t.same(events().map(({ message }) => Number(message.content.slice('Hello World! #'.length))), Array.from({ length: 20 }, (_, i) => i + 1))
})

test('with --concurrency several are, and a conversation keeps its order', async (t) => {
  const inFlight = new Set<string>()
  const held: Array<() => void> = []
  const { requests, url, events } = await createReceiver(t, (response, { raw }) => {
    const { id } = eventOf(raw).conversation
    t.notOk(inFlight.has(id), 'the one before has its answer')
    inFlight.add(id)
    const answer = () => { inFlight.delete(id); response.end() }
    if (requests.length > 3) setTimeout(answer, Math.random() * 10)
    else if (held.push(answer) === 3) for (const answer of held) answer()
  })
  const argv = ['send', '--to', url, '--count', '70', '--conversations', '7', '--concurrency', '3', '--timeout', '2000']
  t.match(await cli(argv), { code: 0 }, 'so three were in flight')
  t.equal(events().length, 70)
  const conversations = Map.groupBy(events(), ({ conversation }) => conversation.id)
  t.equal(conversations.size, 7)
  for (const ofOne of conversations.values()) {
    const order = ofOne.map(({ message }) => Number(message.content.slice('Hello World! #'.length)))
    t.same(order, order.toSorted((a, b) => a - b))
  }
})

test('more requests than conversations can be in flight, and each event is still posted once', async (t) => {
  const held: Array<() => void> = []
  const { url, events } = await createReceiver(t, (response) => {
    if (held.push(() => response.end()) === 10) for (const answer of held.splice(0)) answer()
  })
  t.match(await cli(['send', '--to', url, '--count', '50', '--concurrency', '10', '--timeout', '2000']), { code: 0 }, 'so ten were in flight')
  t.equal(new Set(events().map(({ message }) => message.content)).size, 50)
  t.equal(events().length, 50)
})

test('--rate is kept: no event is posted before it is due', async (t) => {
  const arrivals: number[] = []
  const { url } = await createReceiver(t, (response) => {
    arrivals.push(performance.now())
    response.end()
  })
  const start = performance.now()
  t.match(await cli(['send', '--to', url, '--count', '11', '--rate', '50']), { code: 0 })
  t.equal(arrivals.length, 11)
  for (const [i, at] of arrivals.entries()) t.ok(at - start > i * 20 - 2, `${i} after ${at - start} ms`)
})

test('what a slow answer delayed is caught up with', async (t) => {
  const { signal } = new AbortController()
  const due = createRateLimiter(20, signal)
  await sleep(300)
  const posted: number[] = []
  for (const index of [1, 2, 3, 4, 5]) void due(index).then(() => posted.push(index))
  await turns()
  t.same(posted, [1, 2, 3, 4, 5], 'they are due, and wait for no timer')
})

test('the plugin takes what is posted, knows it again, and refuses another key', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const heard: unknown[] = []
  app.webhooks.on('event', (event) => { heard.push(event) })
  const argv = ['send', '--to', `${await app.listen({ host: '127.0.0.1', port: 0 })}/webhooks/oneroute`]
  const env = { ONEROUTE_SECRET: SECRET }
  t.match(await cli([...argv, '--content', 'Is anyone there?'], { env }), { code: 0, stdout: /200 OK {2}1 {2}{"status":"accepted"/ })
  t.match(await cli([...argv, '-'], { env, stdin: JSON.stringify(heard[0]) }), { code: 0, stdout: /{"status":"duplicate"/ })
  t.match(await cli([...argv, 'smsDeliveryReport', '--count', '3', '--repeat'], { env }), { code: 0 })
  t.match(await cli([...argv, fixture('new-message'), '--count', '3', '--concurrency', '3'], { env }), { code: 0 })
  t.match(await cli([...argv, '-'], { env, stdin: 'not JSON' }), { code: 1, stdout: /400 Bad Request/ })
  t.match(await cli([...argv, '--secret', 'another']), { code: 1, stdout: /401 Unauthorized/ })
  t.match(heard[0], { message: { content: 'Is anyone there?' } })
  t.equal(heard.length, 5, 'what is repeated was heard once')
})

test('answers are counted by status, each with the first that was said', async (t) => {
  const answers = [200, 503, 200, 401, 503, 200]
  const { requests, url } = await createReceiver(t, (response) => {
    const status = answers[requests.length - 1] ?? 200
    response.writeHead(status).end(`{"n": ${requests.length},\n "text": "\u001b[31m${'x'.repeat(300)}"}`)
  })
  const { code, stdout } = await cli(['send', '--to', url, '--count', '6'])
  t.equal(code, 1)
  const [, ...lines] = stdout.split('\n')
  t.same(lines.slice(0, 3), [
    '  200 OK                   3',
    `  503 Service Unavailable  2  {"n": 2, "text": "${'x'.repeat(141)}…`,
    `  401 Unauthorized         1  {"n": 4, "text": "${'x'.repeat(141)}…`
  ])
  t.match(lines[3], /^Latency: p50/)
  t.match(lines[4], /wants a signature.*ONEROUTE_SECRET/)
})

test('what may help is said: of a wrong key, of a wrong path, of an app that is not there', async (t) => {
  const { url } = await createReceiver(t, (response, { headers }) =>
    response.writeHead('x-oneroute-signature' in headers ? 401 : 404).end('a body\nof two lines'))
  t.match(await cli(['send', '--to', url, '--secret', 'wrong']), { code: 1, stdout: /401 Unauthorized {2}1 {2}a body\n {23}of two lines\n[^]*The key is not the app's/ })
  t.match(await cli(['send', '--to', url]), { code: 1, stdout: /404 Not Found[^]*No such route/ })

  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  server.close()
  const { code, stdout } = await cli(['send', '--to', `http://127.0.0.1:${port}/`, '--count', '3'])
  t.equal(code, 1)
  t.match(stdout, /\n {2}ECONNREFUSED {2}3 {2}connect ECONNREFUSED 127.0.0.1:\d+\nNothing listens there/)
  t.notMatch(stdout, 'Latency')
})

test('an answer other than 200 is a failure, a redirection too, which is not followed', async (t) => {
  for (const status of [201, 204, 302]) {
    const { requests, url } = await createReceiver(t, (response) => response.writeHead(status, { location: '/' }).end())
    t.match(await cli(['send', '--to', url]), { code: 1, stdout: new RegExp(`  ${status} `) })
    t.equal(requests.length, 1)
  }
})

test('an answer that does not come, or does not end, is waited for until --timeout', async (t) => {
  for (const answer of [() => undefined, (response: { write: (text: string) => void }) => { response.write('begun') }]) {
    const { url } = await createReceiver(t, answer)
    const { code, stdout } = await cli(['send', '--to', url, '--timeout', '60', '--count', '2'])
    t.equal(code, 1)
    t.match(stdout, /\n {2}timeout {2}2 {2}no answer within 60 ms\n$/)
  }
})

test('a connection that breaks is a failure, and the next event is still posted', async (t) => {
  const { requests, url } = await createReceiver(t, (response, _received, request) => {
    if (requests.length === 1) request.socket.destroy()
    else if (requests.length === 2) response.write('begun', () => request.socket.destroy())
    else response.end()
  })
  t.match(await cli(['send', '--to', url, '--count', '3']), { code: 1, stdout: /ECONNRESET {2}2[^]*200 OK {6}1/ })
})

/** Answers with a status line and a body of these very bytes. */
async function createPlainServer (t: Test, reason: string, body: string): Promise<string> {
  const server = createServer((socket) => {
    socket.once('data', () => { socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 500 ${reason}\r\nconnection: close\r\n\r\n`, 'latin1'), Buffer.from(body)])) })
  }).listen(0, '127.0.0.1')
  t.teardown(() => { server.close() })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return `http://127.0.0.1:${port}/`
}

/** Answers with these bytes, and as many more of the last of them as anybody takes. */
async function createOddServer (t: Test, answer: string, hasEnd: boolean): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {}) // it is hung up on
    socket.once('data', () => {
      socket.write(answer)
      const more = () => { socket.write('x'.repeat(65_536), () => { if (socket.writable) more() }) }
      if (hasEnd) socket.end()
      else more()
    })
  }).listen(0, '127.0.0.1')
  t.teardown(() => { server.close() })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/` // it listens on TCP
}

test('an answer that is none is said to be none, and one without an end is cut', async (t) => {
  const none = await createOddServer(t, 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n', true)
  t.match(await cli(['send', '--to', none]), { code: 1, stdout: /\n {2}closed {2}1 {2}the connection was closed without an answer\n/ })
  const endless = await createOddServer(t, 'HTTP/1.1 500 Odd\r\n\r\n', false)
  t.match(await cli(['send', '--to', endless, '--count', '2']), { code: 1, stdout: /\n {2}500 Odd {2}2 {2}x+…\n/ })
})

test('no escape sequence of an answer reaches the terminal', async (t) => {
  const url = await createPlainServer(t, '\u001b[31mRed', '\u001b[31mred')
  t.match((await cli(['send', '--to', url])).stdout, /\n {2}500 Red {2}1 {2}red\n/)
})

/** Whatever moves the cursor, hides or turns a line, or begins a sequence that a terminal obeys. */
const MOVES = [
  'ok\rFAKE 200 OK', 'abc\b\b\bXYZ', 'a\u202ereversed\u2066x', '\u009d8;;http://evil\u009cclick\u009d8;;\u009c', 'x\u009b31mred', '\u0090q\u009c', '\u0007',
  '\u001b[31mred\u001b]8;;http://evil\u0007click', '\u001b]0;title', '\u001b7\u001bc\u001b#8', '\u000e', '\u0085', '\u2028\u061c\u200f'
]

test('nothing of an answer moves the terminal, whatever it is and wherever it is printed', async (t) => {
  for (const [i, text] of MOVES.entries()) {
    const url = await createPlainServer(t, 'a\u009dz\u0085\u009b2J\b\u001b]0;t', text)
    const output = [
      await cli(['send', '--to', url]),
      await cli(['send', '--to', url, '--count', '2']),
      await cli(['send', '--chaos', '--count', '2', '--to', url, '--chaos-mix', 'repeats=50'])
    ].map(({ stdout, stderr }) => stdout + stderr).join('')
    t.match(output, / 500 a/)
    t.notMatch(output.replaceAll('\n', ''), /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u, `of text ${i}`)
  }
  const { url } = await createReceiver(t, (response) => response.end(JSON.stringify({ status: 'ac\rc\u009bpted\u202e' })))
  const { stdout } = await cli(['send', '--chaos', '--count', '2', '--to', url, '--chaos-mix', 'repeats=50'])
  t.match(stdout, /200, ac c/)
  t.notMatch(stdout, /[\r\u009b\u202e]/)
})

test('an answer cannot add lines that look like those of the command', async (t) => {
  const url = await createPlainServer(t, 'Oh', 'no\n  200 OK  1\r\nVERDICT: clean')
  t.match((await cli(['send', '--to', url])).stdout, /\n {2}500 Oh {2}1 {2}no\n {15}200 OK {2}1\n {13}VERDICT: clean\n/)
})

test('a key with blanks around it is warned of, and never shown', async (t) => {
  const { requests, url } = await createReceiver(t)
  const said = 'The key begins or ends with a blank, which is a part of it: take the blank away if no signature fits.\n'
  t.match(await cli(['send', '--to', url, '--secret', 'a key ']), { code: 0, stderr: said, stdout: /signed/ })
  t.equal(requests[0]?.headers['x-oneroute-signature'], hmac(requests[0]?.raw ?? Buffer.of(), 'a key '))
  t.match(await cli(['send', '--to', url], { env: { ONEROUTE_SECRET: '\na key' } }), { code: 0, stderr: said })
  t.same((await cli(['send', '--to', url, '--secret', 'a key'])).stderr, '')
})

test('https is spoken to https addresses', async (t) => {
  const origin = await listen(t, (_request, response) => response.end())
  t.match(await cli(['send', '--to', origin.replace('http:', 'https:')]), { code: 1, stdout: /ERR_SSL|EPROTO|ECONNRESET/ })
})

test('an address is printed without its user, password and query', async (t) => {
  const { requests, url } = await createReceiver(t)
  const { stdout } = await cli(['send', '--to', `${url.replace('//', '//ada:pass@')}?token=hidden`])
  t.equal(requests[0]?.headers.authorization, `Basic ${Buffer.from('ada:pass').toString('base64')}`)
  t.notMatch(stdout, /ada|pass|hidden/)
  const misread = await cli(['send', '--to', `http://127.0.0.1:${new URL(url).port}/CRET@host/x`])
  t.match(misread.stdout, ' to http://***@host/x in ')
})

test('a terminal gets a progress bar on stderr, and is left clean', async (t) => {
  const { url } = await createReceiver(t, (response) => { setTimeout(() => response.writeHead(500).end(), 2) })
  const { stdout, stderr } = await cli(['send', '--to', url, '--count', '5'], { terminal: 60 })
  t.match(stderr, /\[-+\] 0\/5 \| not 200: 0/)
  t.match(stderr, /\[=+\] 5\/5 \| not 200: 5/)
  t.ok(stderr.endsWith('\u001b[2K'), 'the bar is wiped out')
  t.notMatch(stdout, '\u001b')
  t.notMatch((await cli(['send', '--to', url], { terminal: 20 })).stderr, /not 200/, 'cut to the width')
})

test('an interruption stops what is waiting, and counts what has no answer', async (t) => {
  const interrupt = new AbortController()
  const { requests, url } = await createReceiver(t, (response) => {
    if (requests.length < 3) response.end()
    else setImmediate(() => { interrupt.abort() })
  })
  const { code, stdout } = await cli(['send', '--to', url, '--count', '100'], { interrupt })
  t.equal(code, 130)
  t.equal(requests.length, 3)
  t.match(stdout, /^3 of 100 events, then interrupted, [^]*\n {2}200 OK {7}2\n {2}interrupted {2}1 {2}no answer yet\nLatency/)
})

test('an interruption does not wait for the next event to be due', async (t) => {
  const interrupt = new AbortController()
  const { requests, url } = await createReceiver(t, (response) => {
    response.end()
    setTimeout(() => { interrupt.abort() }, 50)
  })
  t.match(await cli(['send', '--to', url, '--count', '2', '--rate', '0.01'], { interrupt }), { code: 130, stdout: /200 OK {2}1\n/ })
  t.equal(requests.length, 1)
})

test('no connection is left open', async (t) => {
  const sockets: Socket[] = []
  const { url } = await createReceiver(t, (response, _received, request) => {
    sockets.push(request.socket)
    response.end()
  })
  await cli(['send', '--to', url, '--count', '5'])
  t.equal(new Set(sockets).size, 1, 'the events share one')
  const [socket] = sockets
  if (socket?.destroyed === false) await once(socket, 'close')
})

test('an interruption before the first event leaves nothing to count', async (t) => {
  const interrupt = new AbortController()
  interrupt.abort()
  const { code, stdout } = await cli(['send', '--count', '5'], { interrupt })
  t.equal(code, 130)
  t.match(stdout, /^0 of 5 events, then interrupted, unsigned, to \S+ in \S+ s\n$/)
})

test('an interruption while standard input is read has nothing to sum up', async (t) => {
  const interrupt = new AbortController()
  const running = cli(['send', '-'], { interrupt, stdin: new PassThrough() })
  setImmediate(() => { interrupt.abort() })
  t.same(await running, { code: 130, stdout: '', stderr: '' })
})

test('an error of standard input is not taken for one of the command line', async (t) => {
  const stdin = new Readable({ read () { this.destroy(new Error('read EIO')) } })
  await t.rejects(cli(['send', '-'], { stdin }), { message: 'read EIO' })
})
