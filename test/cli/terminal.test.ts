import { Writable } from 'node:stream'
import { test } from 'tap'
import { namesIn } from '../../lib/cli/names.ts'
import { describe } from '../../lib/cli/describe.ts'
import { ageOf } from '../../lib/cli/inbox/age.ts'
import { columnsOf, jsonOf, onLines, onOneLine, paintFor, prettyJson } from '../../lib/cli/terminal.ts'
import { createEventRedact } from '../../lib/observe/inspector/redact.ts'
import { message } from '../helpers/app.ts'

const terminal = Object.assign(new Writable(), { isTTY: true, columns: 40 })
const pipe = new Writable()

test('colours are for terminals, unless the environment says otherwise', (t) => {
  const red = '\u001b[31mx\u001b[39m'
  t.equal(paintFor(terminal, {})('red', 'x'), red)
  t.equal(paintFor(terminal, { NO_COLOR: '1' })('red', 'x'), 'x')
  t.equal(paintFor(terminal, { NO_COLOR: '' })('red', 'x'), red)
  t.equal(paintFor(pipe, {})('red', 'x'), 'x')
  t.equal(paintFor(pipe, { FORCE_COLOR: '1' })('red', 'x'), red)
  t.equal(paintFor(terminal, { FORCE_COLOR: '0' })('red', 'x'), 'x')
  t.equal(columnsOf(terminal), 40)
  t.equal(columnsOf(pipe), 80)
  t.end()
})

test('nothing of a text controls the terminal, or makes a line be read as another', (t) => {
  t.equal(onOneLine(' a\n\tb \u001b[31mred\u001b]0;title\u0007 \u009b2Jc '), 'a b red c')
  t.equal(onOneLine('a\u0000\u202eb\ud800'), 'a\ufffd\ufffdb\ufffd')
  t.equal(onOneLine('😀😀😀', 2), '😀…')
  t.equal(onOneLine('abc', 3), 'abc')
  t.equal(onLines('a\r\n\tb\rc\b \u001b[31mred\n\u0085\u202e\u0007\ud800', 4), 'a\n      b\ufffdc\ufffd red\n    \ufffd\ufffd\ufffd\ufffd')
  const value = { text: '\u001b[31m \u009b2J \u202e \n é' }
  const json = jsonOf(value)
  t.notMatch(json, /[\p{Cc}\u202e]/u)
  t.match(json, 'é')
  t.same(JSON.parse(json), value)
  t.end()
})

test('JSON for people is the same JSON', (t) => {
  const value = { a: 'x "y" : 1', b: [1, -2.5e3, true, null], 'c: d': {} }
  t.same(JSON.parse(prettyJson(value, (_format, text) => text)), value)
  t.match(prettyJson({ a: 'b', c: 1 }, (format, text) => `<${format}>${text}`), '<cyan>"a": <green>"b",\n  <cyan>"c": <yellow>1')
  t.end()
})

test('fields are redacted however deep, and what is too deep is not shown', (t) => {
  const redact = createEventRedact(namesIn(' credentials, ,email'))
  t.same(redact({ event: 'mine', a: [{ credentials: { key: 1 } }], email: 'a@b.example', credentials: null }),
    { event: 'mine', a: [{ credentials: '[redacted]' }], email: '[redacted]', credentials: null })
  let deep: object = {}
  for (let i = 0; i < 100_000; i++) deep = { deep }
  t.same(redact({ event: 'deep', deep }), { event: 'deep', redacted: 'it is nested too deeply to be shown' })
  t.end()
})

test('an event is described by what it has', (t) => {
  t.same(describe({ ...message('a', 'hi') }), { medium: 'WHATSAPP', who: 'Message Sender', content: 'hi' })
  t.same(describe({ event: 'newMessage', message: { contentType: 'IMAGE', content: '' } }), { medium: '', who: '', content: '[picture]' })
  t.same(describe({ event: 'newMessage', message: { contentType: 'IMAGE', content: 'my cat' } }), { medium: '', who: '', content: '[picture] my cat' })
  t.same(describe({ event: 'newMessage', message: { sender: null, content: null, contentType: 'VIDEO' }, conversation: { customer: null, Channel: null } }), { medium: '', who: '', content: '[video]' })
  t.same(describe({ event: 'newMessage', message: {}, conversation: null }), { medium: '', who: '', content: '' })
  t.same(describe({ event: 'smsDeliveryReport', message: null, conversation: { to: '1', status: 'failed' } }), { medium: 'SMS', who: '1', content: 'failed' })
  t.same(describe({ event: 'smsDeliveryReport', conversation: { to: '1', status: 'failed', reason: 'no route' } }), { medium: 'SMS', who: '1', content: 'failed: no route' })
  t.same(describe({ event: 'smsDeliveryReport', conversation: { to: 5 } }), { medium: 'SMS', who: '5', content: '{"conversation":{"to":5}}' })
  t.same(describe({ event: 'mine', a: 1 }), { medium: '', who: '', content: '{"a":1}' })
  t.same(describe({ event: 'mine', conversation: { to: '1', status: 'failed' } }), { medium: '', who: '', content: '{"conversation":{"to":"1","status":"failed"}}' }, 'no SMS')
  t.end()
})

test('an age is in the largest unit', (t) => {
  t.same([-5, 0, 999, 59_999, 60_000, 3_600_000, 86_400_000 * 3].map((age) => ageOf(new Date(1e12), 1e12 + age)), ['0s', '0s', '0s', '59s', '1m', '1h', '3d'])
  t.end()
})
