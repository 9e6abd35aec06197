import { runInNewContext } from 'node:vm'
import { brotliCompressSync, createGunzip, deflateSync, gzipSync } from 'node:zlib'
import { test } from 'tap'
import { BacklogFullError, ClosingError, memoryInbox } from '../../index.ts'
import type { NewEvent, NewMessage, WebhooksOptions } from '../../index.ts'
import { createApp, gate, message, post, turns } from '../helpers/app.ts'
import type { LogLine } from '../helpers/app.ts'
import { deliveries, isRefusal, PERSONAL, personal, SECRET, sign } from '../helpers/http.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

const BODY = personal()

interface Case {
  what: string
  /** @default unsigned, with a memory inbox */
  options?: WebhooksOptions
  body?: string | Buffer
  headers?: Record<string, string>
  statusCode: number
  code: string
}

const unsigned = { statusCode: 401, code: 'FST_ONEROUTE_BAD_SIGNATURE', options: { secret: SECRET } }
const noJson = { statusCode: 400, code: 'FST_ONEROUTE_INVALID_JSON' }
const noName = { statusCode: 400, code: 'FST_ONEROUTE_NO_EVENT_NAME' }
const invalid = { statusCode: 400, code: 'FST_ONEROUTE_INVALID_EVENT' }
const encoded = { statusCode: 415, code: 'FST_ONEROUTE_UNSUPPORTED_ENCODING' }

const REFUSALS: Case[] = [
  { what: 'an empty body', body: '', statusCode: 400, code: 'FST_ONEROUTE_EMPTY_BODY' },
  { what: 'text', body: PERSONAL, ...noJson },
  { what: 'half an event', body: BODY.slice(0, -10), ...noJson },
  { what: 'an event and more', body: `${BODY}{}`, ...noJson },
  { what: 'bytes that are not UTF-8', body: Buffer.from(BODY.replace('Hello', 'Hällo'), 'latin1'), ...noJson },
  { what: 'UTF-16', body: Buffer.from(BODY, 'utf16le'), ...noJson },
  { what: '__proto__', body: BODY.replace('{', '{"__proto__":{"a":1},'), ...noJson },
  { what: '__proto__ far below, and written otherwise', body: BODY.replace('"agent": null', '"agent": [[{"\\u005f_proto__" : 1}]]'), ...noJson },
  { what: 'constructor.prototype', body: BODY.replace('{', '{"constructor":{"prototype":{}},'), ...noJson },
  ...['null', 'true', '5', `"${PERSONAL}"`, '[]', `[${BODY}]`, '{}', '{"event":null}', '{"event":5}', '{"event":["newMessage"]}',
    '{"event":{"a":"newMessage"}}', `{"Event":"${PERSONAL}"}`].map((body) => ({ what: `a body of ${body.slice(0, 40)}`, body, ...noName })),
  { what: 'a known event without its fields', body: `{"event":"newMessage","a":"${PERSONAL}"}`, ...invalid },
  { what: 'a known event with wrong fields', body: BODY.replace('"country": "NG"', `"country": ["${PERSONAL}"]`), ...invalid },
  { what: 'no signature', body: BODY, ...unsigned },
  { what: 'a malformed signature', body: BODY, headers: { 'x-oneroute-signature': PERSONAL }, ...unsigned },
  { what: 'a wrong signature', body: BODY, headers: sign(BODY, 'another key'), ...unsigned },
  {
    what: 'an address that is not allowed',
    body: BODY,
    options: { allowedIps: ['174.138.104.128'] },
    statusCode: 403,
    code: 'FST_ONEROUTE_ADDRESS_NOT_ALLOWED'
  },
  { what: 'a large body', body: BODY.padEnd(1_048_577), statusCode: 413, code: 'FST_ONEROUTE_BODY_TOO_LARGE' },
  { what: 'a body above bodyLimit', body: BODY, options: { bodyLimit: 100 }, statusCode: 413, code: 'FST_ONEROUTE_BODY_TOO_LARGE' },
  ...Object.entries({ gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }).map(([encoding, compress]) => (
    { what: `a body by ${encoding} that nobody has undone`, body: compress(BODY), headers: { 'content-encoding': encoding }, ...encoded }
  )),
  { what: 'a wrong signature of a compressed body', body: gzipSync(BODY), options: { secret: SECRET }, headers: { ...sign(BODY), 'content-encoding': 'gzip' }, ...encoded },
  { what: 'a compressed body without a signature', body: gzipSync(BODY), headers: { 'content-encoding': 'gzip' }, ...unsigned },
  { what: 'a compressed body that does not say so', body: gzipSync(BODY), ...noJson },
  { what: 'an empty body of some encoding', body: '', headers: { 'content-encoding': 'gzip' }, statusCode: 400, code: 'FST_ONEROUTE_EMPTY_BODY' },
  { what: 'a form', body: 'event=newMessage', headers: { 'content-type': 'application/x-www-form-urlencoded' }, ...noJson }
]

/** Logs are for many eyes: nobody's data, no secret, and no more than a warning of what a sender did wrong. */
function isDiscreet (t: Parameters<typeof isRefusal>[0], lines: readonly LogLine[]): void {
  t.notMatch(JSON.stringify(lines), PERSONAL)
  t.notMatch(JSON.stringify(lines), SECRET)
}

for (const { what, options = {}, body = BODY, headers = {}, statusCode, code } of REFUSALS) {
  test(`${what} is answered ${statusCode}, reaches nobody and is logged without its contents`, async (t) => {
    const { app, lines } = await createApp(t, options)
    const heard = deliveries(app)
    const reply = await post(app, body, headers)
    t.equal(reply.statusCode, statusCode)
    isRefusal(t, reply, code, what)
    t.strictSame(heard, [])
    t.ok(lines.some(({ level, code: logged }) => level === 40 && logged === code))
    t.notOk(lines.some(({ level }) => level >= 50))
    isDiscreet(t, lines)
  })
}

test('an event is answered with its id, and the same body again as a duplicate', async (t) => {
  for (const options of [{}, { secret: SECRET }, { inbox: new ModelInbox() }]) {
    const { app, lines } = await createApp(t, options)
    const heard = deliveries(app)
    const replies = [await post(app, BODY, sign(BODY)), await post(app, BODY, sign(BODY))]
    t.strictSame(replies.map(({ statusCode }) => statusCode), [200, 200])
    const [first, second] = replies.map((reply) => reply.json<{ status: string, id: string }>())
    t.match(first, { status: 'accepted', id: /^[\w-]{43}$/ })
    t.strictSame(second, { status: 'duplicate', id: first?.id })
    t.match(replies[0]?.headers, { 'content-type': /^application\/json/ })
    await turns()
    t.strictSame(heard, [JSON.parse(BODY)])
    isDiscreet(t, lines)
  }
})

const TYPES = [
  'application/json; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a', 'application/jsonp',
  'application/vnd.api+json', '*/*', ';', 'json', 'undefined', '/', 'text/', 'a b/c', 'text/plain;;', 'é/ü', 'application/json, application/json'
]

test('a content type proves nothing: an event is taken with any, also with one that Fastify finds malformed', async (t) => {
  const seen: unknown[] = []
  const { app } = await createApp(t, { secret: SECRET, routeOptions: { preHandler: async ({ headers }) => { seen.push(headers['x-other']) } } })
  const heard = deliveries(app)
  for (const type of TYPES) {
    const body = JSON.stringify(message(type))
    t.equal((await post(app, body, { ...sign(body), 'content-type': type, 'x-other': type })).statusCode, 200, type)
  }
  t.match(heard, TYPES.map((id) => ({ conversation: { id } })))
  t.strictSame(seen, TYPES, 'all other headers are there')
})

test('what is said to be encoded is taken if it is not, or if a hook of the app has undone it', async (t) => {
  const { app } = await createApp(t, {
    secret: SECRET,
    routeOptions: {
      preParsing: async ({ headers }, _reply, payload) => {
        if (headers['content-encoding'] !== 'gzip') return payload
        return Object.assign(payload.pipe(createGunzip()), { receivedEncodedLength: Number(headers['content-length']) }) // for Fastify, which compares it
      }
    }
  })
  for (const [encoding, body, sent] of [
    ['identity', BODY, BODY], ['Identity', `${BODY} `, `${BODY} `], ['br', `\n${BODY}`, `\n${BODY}`], ['br', `\ufeff${BODY}`, `\ufeff${BODY}`],
    ['gzip', `\t${BODY}`, gzipSync(`\t${BODY}`)]
  ] as const) {
    t.match((await post(app, sent, { ...sign(body), 'content-encoding': encoding })).json(), { status: 'accepted' }, encoding)
  }
})

test('a body that differs by a blank is another event', async (t) => {
  const { app } = await createApp(t)
  const ids = new Set<unknown>()
  for (const body of [BODY, `${BODY} `, `\ufeff${BODY}`]) {
    const reply = await post(app, body)
    t.match(reply.json(), { status: 'accepted' })
    ids.add(reply.json<{ id: string }>().id)
  }
  t.equal(ids.size, 3)
})

test('an event of a name without a schema is accepted for `unknown`', async (t) => {
  const { app } = await createApp(t)
  const heard: unknown[] = []
  app.webhooks.on('unknown', (event) => { heard.push(event) })
  app.webhooks.on('newMessage', () => { t.fail('is no message') })
  const events = [{ event: 'campaignCompleted', campaign_id: 5 }, { event: 'NewMessage' }, { event: 'newMessage ' }, { event: ' ' }]
  for (const event of events) t.match((await post(app, event)).json(), { status: 'accepted' })
  t.strictSame(heard, events)
})

test('the answer to an event of the wrong shape names at most ten places, and no value', async (t) => {
  const { app } = await createApp(t)
  const { conversation, ...event } = message()
  const broken = { ...event, conversation: Object.fromEntries(Object.keys(conversation).map((key) => [key, [PERSONAL]])) }
  const answer = (await post(app, broken)).json<{ message: string }>()
  const places = answer.message.replace('The event is not of its schema: ', '').split('; ')
  t.equal(places.length, 10)
  for (const place of places) t.match(place, /^\/conversation\/\w+: Expected /)
})

for (const [what, options, kept] of [
  ['signed and the inbox durable', { secret: SECRET, inbox: new ModelInbox() }, true],
  ['unsigned and the inbox durable', { inbox: new ModelInbox() }, true],
  ['signed, but the inbox in memory', { secret: SECRET, inbox: memoryInbox({ history: 5 }) }, false]
] as const) {
  test(`an event of the wrong shape is ${kept ? 'kept' : 'refused'} if it was ${what}`, async (t) => {
    const { app } = await createApp(t, options)
    const heard = deliveries(app)
    const body = BODY.replace('"read": false', '"read": "no"')
    const reply = await post(app, body, sign(body))
    t.equal(reply.statusCode, kept ? 200 : 400)
    if (kept) t.match(reply.json(), { status: 'invalid', id: /^[\w-]{43}$/, problems: [/^\/conversation\/read: Expected /] })
    else isRefusal(t, reply, 'FST_ONEROUTE_INVALID_EVENT', 'invalid')
    t.match((await post(app, body, sign(body))).json(), kept ? { status: 'duplicate' } : { code: 'FST_ONEROUTE_INVALID_EVENT' }, 'the second time')
    const stored = await app.webhooks.inbox.list()
    t.equal(stored.length, kept ? 1 : 0)
    for (const event of stored) t.match(event, { state: 'invalid', name: 'newMessage', lane: (JSON.parse(BODY) as NewMessage).conversation.id, error: /^\/conversation\/read: Expected /, attempts: 0 })
    await turns()
    t.strictSame(heard, [])
  })
}

test('when a listener fails the answer is 500, and a repeat is a new try', async (t) => {
  const { app, lines } = await createApp(t)
  let failing = true
  app.webhooks.on('newMessage', async () => { if (failing) throw new Error('broken') })
  for (const again of [false, true]) {
    const reply = await post(app, BODY)
    t.equal(reply.statusCode, 500, again ? 'the second time' : 'the first time')
    isRefusal(t, reply, 'FST_ONEROUTE_NOT_DELIVERED', 'not delivered')
    t.notOk('retry-after' in reply.headers)
  }
  failing = false
  t.match((await post(app, BODY)).json(), { status: 'accepted' })
  t.match((await post(app, BODY)).json(), { status: 'duplicate' })
  isDiscreet(t, lines)
})

type Fault = () => Promise<never>

class FaultyInbox extends ModelInbox {
  fault: Fault | undefined

  // Not async: some faults are thrown.
  override add (event: NewEvent): ReturnType<ModelInbox['add']> {
    return this.fault === undefined ? super.add(event) : this.fault()
  }
}

const away = 'FST_ONEROUTE_INBOX_UNAVAILABLE'
const ofDriver = (fields: object) => Object.assign(new Error('disk full'), fields)

const STORE_FAULTS: Array<[what: string, fault: Fault, code: string]> = [
  ['throws', () => { throw ofDriver({}) }, away],
  ['rejects', async () => { throw ofDriver({}) }, away],
  ['rejects with a promise of another realm', () => runInNewContext('Promise.reject(new Error("disk full"))') as Promise<never>, away],
  ["throws another plugin's error", () => { throw ofDriver({ code: 'FST_ERR_NOPE', statusCode: 404 }) }, away],
  ["rejects with its driver's error", async () => { throw ofDriver({ code: '57P01', statusCode: 200 }) }, away],
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- somebody will
  ['rejects with no error at all', () => Promise.reject(undefined), away],
  ['is full', () => { throw new BacklogFullError() }, 'FST_ONEROUTE_BACKLOG_FULL'],
  ['closes', async () => { throw new ClosingError() }, 'FST_ONEROUTE_CLOSING']
]

for (const [what, fault, code] of STORE_FAULTS) {
  test(`a store that ${what} is answered 503 with Retry-After, and works again when it does`, async (t) => {
    const inbox = new FaultyInbox()
    const { app, lines } = await createApp(t, { inbox, secret: SECRET })
    const heard = deliveries(app)
    // A full inbox has no place for one more that is not of its schema: that one is refused as it would be without an inbox to keep it.
    for (const body of what === 'is full' ? [BODY] : [BODY, BODY.replace('"read": false', '"read": 0')]) {
      inbox.fault = fault
      const refused = await post(app, body, sign(body))
      t.equal(refused.statusCode, 503)
      isRefusal(t, refused, code, what)
      t.match(refused.headers['retry-after'], /^[1-9]\d*$/)
      t.notMatch(refused.body, 'disk full')
      inbox.fault = undefined
      t.equal((await post(app, body, sign(body))).statusCode, 200)
    }
    await turns()
    t.strictSame(heard, [JSON.parse(BODY)])
    t.equal(lines.filter(({ level, err }) => level === 50 && JSON.stringify(err).includes(code)).length, what === 'is full' ? 1 : 2)
    isDiscreet(t, lines)
  })
}

test('more pending events than `maxBacklog` are answered 503 with Retry-After until there are fewer', async (t) => {
  for (const inbox of [memoryInbox(), new ModelInbox()]) {
    const { app } = await createApp(t, { inbox, maxBacklog: 1 })
    const held = gate()
    app.webhooks.on('newMessage', async () => { await held.promise })
    const first = post(app, message('a'))
    await turns()
    const reply = await post(app, message('b'))
    t.equal(reply.statusCode, 503)
    isRefusal(t, reply, 'FST_ONEROUTE_BACKLOG_FULL', 'full')
    t.match(reply.headers['retry-after'], /^[1-9]\d*$/)
    held.resolve(undefined)
    t.equal((await first).statusCode, 200)
    await turns()
    t.equal((await post(app, message('c'))).statusCode, 200)
  }
})
