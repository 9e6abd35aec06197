import { createHash } from 'node:crypto'
import { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { reserialised } from '../../../lib/receive/signature/reserialised.ts'
import { createApp, message, post } from '../../helpers/app.ts'
import { deliveries, isRefusal, SECRET, sign } from '../../helpers/http.ts'

const idOf = (body: string) => createHash('sha256').update(body).digest('base64url')

/** What was signed, and other bodies whose JSON is written like that: of the same signature, all of them are that event. */
const RECORDED: Array<[signed: string, others: string[]]> = [
  ['{"event":"report","limit":null,"sent":0}', ['{"event":"report","limit":1e999,"sent":0}', '{"event":"report","limit":-1e999,"sent":-0}', '{"event":"x","limit":1e999,"sent":0,"event":"report"}']],
  ['{"event":"report","text":"\\ud800"}', ['{"event":"report","text":"\\uD800"}', '\ufeff{"event":"report","text":"\\ud800"}\r\n']],
  ['{"1":1,"event":"report"}', ['{"event":"report","1":1.0}', '{"event":"report","1":10e-1}']]
]

for (const [signed, others] of RECORDED) {
  test(`whoever has the signature of ${signed} can have that delivered, and nothing else`, async (t) => {
    const { app } = await createApp(t, { secret: SECRET, inbox: memoryInbox({ history: 10 }) })
    const heard = deliveries(app)
    for (const body of [...others, signed]) {
      const reply = await post(app, body, sign(signed))
      t.equal(reply.json<{ id: string }>().id, idOf(signed), body)
    }
    t.strictSame(heard, [JSON.parse(signed)], 'once')
    t.strictSame((await app.webhooks.inbox.list()).map(({ id, event }) => [id, event]), [[idOf(signed), JSON.parse(signed)]])
  })
}

test('a recorded request with blanks in it is a repeat, however many there are', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const heard = deliveries(app)
  const body = JSON.stringify(message())
  const answers = new Set<string>()
  for (let blanks = 0; blanks < 200; blanks++) answers.add((await post(app, ' '.repeat(blanks) + body, sign(body))).body)
  t.equal(heard.length, 1)
  t.equal(answers.size, 2, 'accepted, and duplicate')
})

test('what was signed is refused if it is no event, whatever came in', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const poisoned = '{"event":"a","__proto__":{"b":1}}'
  isRefusal(t, await post(app, `${poisoned} `, sign(poisoned)), 'FST_ONEROUTE_INVALID_JSON', 'poisoned')
  isRefusal(t, await post(app, '{"event":1e999}', sign('{"event":null}')), 'FST_ONEROUTE_NO_EVENT_NAME', 'no name')
})

test("with `signature: 'raw'` only the bytes that came in count", async (t) => {
  const { app } = await createApp(t, { secret: SECRET, signature: 'raw' })
  const body = JSON.stringify(message())
  t.equal((await post(app, `${body}\n`, sign(body))).statusCode, 401)
  t.equal((await post(app, `${body}\n`, sign(`${body}\n`))).statusCode, 200)
})

const list = (length: number, value = '1') => `{"event":"a","b":[${Array.from({ length }, () => value).join()}]}`

test('JSON is written again if it is no denser than messages can be', (t) => {
  const fits = (body: string) => reserialised(Buffer.from(body)) !== undefined
  for (const [what, body, expected] of [
    ['990 numbers', list(990), true],
    ['1 200 numbers', list(1_200), false],
    ['1 200 objects', list(1_200, '{}'), false],
    ['1 200 arrays, one in the other', list(1, '['.repeat(1_200) + ']'.repeat(1_200)), false],
    ['2 000 numbers, and a long text', list(2_000, '1').replace('1', `"${'x'.repeat(24_000)}"`), true],
    ['1 200 texts of 24 letters', list(1_200, `"${'x'.repeat(24)}"`), true],
    ['a text of commas, braces and brackets', list(1, `"${',{['.repeat(10_000)}"`), true],
    ['a text of escaped quotes and commas', list(1, `"${'\\",'.repeat(10_000)}"`), true],
    ['a text of backslashes, and then numbers', list(1_200, '1').replace('1', '"\\\\"'), false],
    ['not JSON', '{', false],
    ['not UTF-8', '\xff', true]
  ] as const) t.equal(what === 'not UTF-8' ? reserialised(Buffer.from([0x22, 0xff, 0x22])) === undefined : fits(body), expected, what)
  t.end()
})

test('a dense body is taken with the signature of its bytes, and not with that of its JSON written again', async (t) => {
  const { app } = await createApp(t, { secret: SECRET })
  const body = list(5_000)
  t.equal((await post(app, body, sign(body))).statusCode, 200)
  t.equal((await post(app, `${body} `, sign(body))).statusCode, 401)
})
