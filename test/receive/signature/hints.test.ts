import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { test } from 'tap'
import type { Test } from 'tap'
import { Explainer } from '../../../lib/receive/signature/explain.ts'
import { createApp, message, post, turns } from '../../helpers/app.ts'
import type { LogLine } from '../../helpers/app.ts'
import { exchange, head, listen } from '../../helpers/http.ts'

const HEADER = 'x-oneroute-signature'
const BODY = JSON.stringify({ ...message('a', 'Zürich / 💬'), more: 'é' }, null, 1)
const hmac = (key: string, body: string, algorithm = 'sha512') => createHmac(algorithm, key).update(body).digest()

/** Sets a variable of the environment until the test ends. */
function setEnvironment (t: Test, mode: string): void {
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = mode
  t.teardown(() => {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = NODE_ENV
  })
}

/** The hint that is logged of a request that must be refused. */
async function hintOf (t: Test, secret: string, signature: string | undefined, body = BODY): Promise<unknown> {
  setEnvironment(t, 'development')
  const { app, lines } = await createApp(t, { secret })
  const reply = await post(app, body, signature === undefined ? {} : { [HEADER]: signature })
  t.equal(reply.statusCode, 401)
  t.notMatch(reply.body, /would be|header/, 'the caller is told nothing')
  const hint = await firstHint(t, lines)
  t.notMatch(JSON.stringify(lines), secret.trim())
  return hint
}

/** It may come after the answer. */
async function firstHint (t: Test, lines: readonly LogLine[]): Promise<unknown> {
  const hint = () => lines.find(({ msg }) => msg === 'a signature is not valid')
  while (hint() === undefined) await turns()
  t.equal(hint()?.level, 40)
  return hint()?.hint
}

const json = JSON.stringify(JSON.parse(BODY))
const ascii = json.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** What is set as the key, the header, the body that arrives, and what the hint says. */
const HINTS: Array<[name: string, secret: string, header: string | undefined, body: string, hint: RegExp]> = [
  ['no header', 'k3y', undefined, BODY, /^There is no header x-oneroute-signature/],
  ['another key', 'k3y', hmac('other', BODY).toString('hex'), BODY, /^The signature is none with a key that is set here/],
  ['no digits', 'k3y', 'nonsense', BODY, /is not 128 hexadecimal digits: it has 8 characters/],
  ['white space around the key', ' k3y\n', hmac('k3y', BODY).toString('hex'), BODY, /right with the key without the white space/],
  ['quotes around the key', '"k3y"', hmac('k3y', BODY).toString('hex'), BODY, /right with the key without the quotes/],
  ['SHA-256', 'k3y', hmac('k3y', BODY, 'sha256').toString('hex'), BODY, /right with SHA-256, and not SHA-512\./],
  ['SHA-256 as Base64', 'k3y', hmac('k3y', BODY, 'sha256').toString('base64'), BODY, /right with SHA-256 as Base64/],
  ['Base64', 'k3y', hmac('k3y', BODY).toString('base64'), BODY, /right as Base64/],
  ['a prefix', 'k3y', `sha512=${hmac('k3y', BODY).toString('hex')}`, BODY, /right without what is around the digits/],
  ['no HMAC', 'k3y', createHash('sha512').update(BODY).digest('hex'), BODY, /right with a plain SHA-512, and no HMAC/],
  ['white space that was added', 'k3y', hmac('k3y', BODY).toString('hex'), `${BODY} \n`, /over the body without the white space around it/],
  ['a line feed that was removed', 'k3y', hmac('k3y', `${BODY}\n`).toString('hex'), BODY, /over the body with a line feed at its end/],
  ['LF that became CRLF', 'k3y', hmac('k3y', BODY).toString('hex'), BODY.replaceAll('\n', '\r\n'), /over the body with LF for CRLF/],
  ['CRLF that became LF', 'k3y', hmac('k3y', BODY.replaceAll('\n', '\r\n')).toString('hex'), BODY, /over the body with CRLF for LF/],
  ['escapes that were written out', 'k3y', hmac('k3y', ascii).toString('hex'), BODY, /over the JSON with \\u escapes\./],
  ['escapes and slashes', 'k3y', hmac('k3y', ascii.replaceAll('/', '\\/')).toString('hex'), BODY, /over the JSON with \\u escapes and escaped slashes/],
  ['slashes', 'k3y', hmac('k3y', json.replaceAll('/', '\\/')).toString('hex'), BODY, /over the JSON with escaped slashes/],
  ['the JSON written again, with a key of too many blanks', 'k3y ', hmac('k3y', json).toString('hex'), BODY, /with the key without the white space around it, and over the JSON as JSON.stringify writes it/],
  ['what is no JSON', 'k3y', hmac('other', '{').toString('hex'), '{', /^The signature is none/]
]

for (const [name, secret, header, body, hint] of HINTS) {
  test(`the log has a hint: ${name}`, async (t) => { t.match(await hintOf(t, secret, header, body), hint) })
}

test('the key of another route is found as long as its app is open', async (t) => {
  setEnvironment(t, 'development')
  const { app: other } = await createApp(t, { secret: 'another key', path: '/other' })
  await other.ready()
  const signature = hmac('another key', BODY).toString('hex')
  t.match(await hintOf(t, 'k3y', signature), /right with the key of the route \/other\./)
  await other.close()
  t.match(await hintOf(t, 'k3y', signature), /^The signature is none/)
})

test('a flood of bad signatures costs no more than a hint a second', async (t) => {
  let now = 0
  const explainer = new Explainer(['k3y'], () => [], () => now)
  const said: number[] = []
  const say = () => { said.push(now) }
  for (now of [0, 1, 999, 1_000, 1_001, 5_000]) explainer.explain('nonsense', Buffer.from(BODY), say)
  for (now of [5_999, 6_000, 6_001]) {
    const body = Readable.from([Buffer.from(BODY)])
    explainer.explainLater('nonsense', body, say)
    body.resume()
    await once(body, 'end')
  }
  t.same(said, [0, 1_000, 5_000, 6_000])
})

const HALF = BODY.length >> 1

/** What comes of a body of so many blanks around the event, and the hint. */
const SIZES: Array<[name: string, blanks: number, header: (body: string) => string, hint: RegExp]> = [
  ['16 KiB, signed as Base64', 16_384 - Buffer.byteLength(BODY), (body) => hmac('k3y', body).toString('base64'), /^The signature would be right as Base64/],
  ['a byte more, signed as Base64', 16_385 - Buffer.byteLength(BODY), (body) => hmac('k3y', body).toString('base64'), /^The header x-oneroute-signature is not 128 hexadecimal digits/],
  ['16 KiB, signed without blanks', 16_384 - Buffer.byteLength(BODY), () => hmac('k3y', `${BODY}\n`).toString('hex'), /over the body with a line feed at its end/],
  ['a byte more, signed without blanks', 16_385 - Buffer.byteLength(BODY), () => hmac('k3y', `${BODY}\n`).toString('hex'), /the body is too large to see why/]
]

for (const [name, blanks, header, hint] of SIZES) {
  test(`hints look at no body over 16 KiB: ${name}`, async (t) => {
    const body = BODY + ' '.repeat(blanks)
    t.match(await hintOf(t, 'k3y', header(body), body), hint)
  })
}

test('a hint on a malformed header looks at the body after the answer, however it comes', async (t) => {
  setEnvironment(t, 'development')
  const { app, lines } = await createApp(t, { secret: 'k3y' })
  const port = await listen(app)
  const fields = head([`x-oneroute-signature: ${hmac('k3y', BODY).toString('base64')}`], Buffer.byteLength(BODY))
  const answer = await exchange(port, fields.replace('Connection: close\r\n', ''), BODY.slice(0, HALF), BODY.slice(HALF))
  t.equal(answer?.statusCode, 401)
  t.match(await firstHint(t, lines), /right as Base64/)
})

test('in production there are no hints', async (t) => {
  setEnvironment(t, 'production')
  const { app, lines } = await createApp(t, { secret: 'k3y' })
  for (const headers of [{}, { [HEADER]: 'nonsense' }, { [HEADER]: hmac('other', BODY).toString('hex') }]) t.equal((await post(app, BODY, headers)).statusCode, 401)
  await turns()
  t.same(lines.filter(({ msg }) => msg === 'a signature is not valid'), [])
})
