import { createHmac } from 'node:crypto'
import fc, { runs } from '../../helpers/property.ts'
import { test } from 'tap'
import { createApp, fixture, message, post } from '../../helpers/app.ts'
import { deliveries, exchange, head, isRefusal, JSON_TYPE, listen, SECRET, sign } from '../../helpers/http.ts'

const BODY = fixture('new-message')
const VALID = sign(BODY)['x-oneroute-signature'] ?? ''

const digestOf = (key: string, body: Uint8Array) => createHmac('sha512', key).update(body).digest('hex')

test('a request is accepted with the signature of its exact bytes', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const heard = deliveries(app)
  t.equal((await post(app, BODY, sign(BODY))).statusCode, 200)
  t.strictSame(heard, [JSON.parse(BODY.toString())])
})

test('upper and lower case are both hexadecimal', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  t.match((await post(app, BODY, { 'x-oneroute-signature': VALID.toUpperCase() })).json(), { status: 'accepted' })
  t.match((await post(app, BODY, { 'X-OneRoute-Signature': VALID })).json(), { status: 'duplicate' })
})

test("a request is accepted with the signature of its JSON written again, as OneRoute's sample makes it", async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const heard = deliveries(app)
  const event = (conversation: string) => message(conversation, 'Zürich 💬 \ud800 / "quoted" \u2028')
  const bodies = [
    JSON.stringify(event('a'), null, 2),
    JSON.stringify(event('b')).replace('Zürich', '\\u005a\\u00FCrich').replace(' / ', ' \\/ '),
    `\ufeff${JSON.stringify(event('c'))}\r\n`,
    JSON.stringify(event('d')).replace('{', '{"extra":1.50e1,"event":"twice",')
  ]
  for (const body of bodies) {
    const written = JSON.stringify(JSON.parse(body.replace('\ufeff', '')))
    t.not(written, body)
    t.equal((await post(app, body, sign(written))).statusCode, 200, body.slice(0, 40))
  }
  t.strictSame(heard, bodies.map((body) => JSON.parse(body.replace('\ufeff', '')) as unknown))
})

test('any of several secrets will do, and no other', async (t) => {
  const { app } = await createApp(t, { secret: ['old key', 'new key'] })
  const statuses = []
  for (const key of ['old key', 'new key', 'a key', 'old key,new key', ' old key']) {
    const body = JSON.stringify(message())
    statuses.push((await post(app, body, sign(body, key))).statusCode)
  }
  t.strictSame(statuses, [200, 200, 401, 401, 401])
})

test('a secret is taken as it is, blanks and all', async (t) => {
  const { app } = await createApp(t, { secret: ' a key\n' })
  t.equal((await post(app, BODY, sign(BODY, ' a key\n'))).statusCode, 200)
  t.equal((await post(app, BODY, sign(BODY, 'a key'))).statusCode, 401)
})

const otherDigit = VALID.startsWith('0') ? '1' : '0'
const BAD_SIGNATURES: Array<[what: string, headers: Record<string, string>]> = [
  ['missing', {}],
  ['empty', { 'x-oneroute-signature': '' }],
  ['of another key', sign(BODY, 'another key')],
  ['of another body', sign('{}')],
  ['of no body', sign('')],
  ['one digit off', { 'x-oneroute-signature': otherDigit + VALID.slice(1) }],
  ['a digit short', { 'x-oneroute-signature': VALID.slice(0, -1) }],
  ['a byte short', { 'x-oneroute-signature': VALID.slice(0, -2) }],
  ['only a digit', { 'x-oneroute-signature': VALID.slice(0, 1) }],
  ['a byte long', { 'x-oneroute-signature': `${VALID}00` }],
  ['ending in what is no hexadecimal', { 'x-oneroute-signature': `${VALID.slice(0, -1)}g` }],
  ['no hexadecimal at all', { 'x-oneroute-signature': 'z'.repeat(128) }],
  ['of digits that are not ASCII', { 'x-oneroute-signature': 'é'.repeat(128) }],
  ['with a prefix', { 'x-oneroute-signature': `sha512=${VALID}` }],
  ['in base64', { 'x-oneroute-signature': Buffer.from(VALID, 'hex').toString('base64') }],
  ['by SHA-256', { 'x-oneroute-signature': createHmac('sha256', SECRET).update(BODY).digest('hex') }],
  ['given twice', { 'x-oneroute-signature': `${VALID}, ${VALID}` }],
  ['very long', { 'x-oneroute-signature': VALID.repeat(60) }],
  ['in another header', { 'x-signature': VALID, authorization: VALID }]
]

test('missing, malformed and wrong signatures get the same 401', async (t) => {
  const { app, lines } = await createApp(t, { secret: SECRET })
  const heard = deliveries(app)
  const bodies = new Set<string>()
  for (const [what, headers] of BAD_SIGNATURES) {
    const reply = await post(app, BODY, headers)
    t.equal(reply.statusCode, 401, what)
    isRefusal(t, reply, 'FST_ONEROUTE_BAD_SIGNATURE', what)
    bodies.add(reply.body)
  }
  t.equal(bodies.size, 1)
  t.strictSame(heard, [])
  t.notMatch(JSON.stringify(lines), SECRET)
  t.notMatch(JSON.stringify(lines), VALID)
})

test('a header that is there twice is no signature, even if each of them is one', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const port = await listen(app)
  const header = `x-oneroute-signature: ${VALID}`
  t.match(await exchange(port, head([JSON_TYPE, header, header], BODY.length), BODY), { statusCode: 401 })
  t.match(await exchange(port, head([JSON_TYPE, header], BODY.length), BODY), { statusCode: 200 })
})

const UNSIGNED: Array<[what: string, body: string | Buffer]> = [
  ['empty', ''],
  ['not JSON', 'not JSON'],
  ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['without a name', '{}'],
  ['with __proto__', '{"event":"a","__proto__":{}}'],
  ['not of its schema', '{"event":"newMessage"}'],
  ['nested too deeply to be written again', `{"event":"a","b":${'['.repeat(100_000)}${']'.repeat(100_000)}}`]
]

test('what is wrong with a body is told to nobody but those who can sign', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const heard = deliveries(app)
  for (const [what, body] of UNSIGNED) {
    t.equal((await post(app, body)).statusCode, 401, what)
    t.equal((await post(app, body, sign('another'))).statusCode, 401, what)
  }
  t.strictSame(heard, [])
  const signed = []
  for (const [, body] of UNSIGNED) signed.push((await post(app, body, sign(body))).statusCode)
  t.strictSame(signed, [400, 400, 400, 400, 400, 400, 200])
})

test('a request with neither a body nor a content type has to be signed too', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const port = await listen(app)
  t.match(await exchange(port, head([])), { statusCode: 401 })
  t.match(await exchange(port, head([`x-oneroute-signature: ${digestOf(SECRET, Buffer.alloc(0))}`])), { statusCode: 400 })
})

test('changing any byte of a signed body breaks the signature', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const heard = deliveries(app)
  await fc.assert(fc.asyncProperty(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
    const body = Buffer.from(BODY)
    body[at] = (body[at] ?? 0) ^ flip
    const { statusCode } = await post(app, body, { 'x-oneroute-signature': VALID })
    return statusCode === 401
  }), runs(300))
  t.strictSame(heard, [])
})
