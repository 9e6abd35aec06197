import { test } from 'tap'
import type { UnknownEvent } from '../../index.ts'
import { turns } from '../helpers/app.ts'
import { job } from './helpers/client.ts'
import { conversationOf, drained, onOneFile } from './helpers/inbox.ts'

test('conversations of any name keep their order and their events over a restart', async (t) => {
  const { start } = onOneFile(t)
  const names = ['', '\0', 'a\0', 'a', 'a\0b', '\ud800', 'x\udc00', '\ufffd', '\u{1f600}', "'); DROP TABLE events; --", '\n', '\u00e9', 'e\u0301', 'y'.repeat(100_000), 'y'.repeat(99_999), '__proto__']
  const posted: UnknownEvent[] = [0, 1, 2].flatMap((n) => names.map((name) => job(name, n)))
  const before = await start()
  for (const event of posted) t.match(await before.app.webhooks.receive(event), { status: 'accepted' })
  await before.app.close()
  const heard: UnknownEvent[] = []
  const { app } = await start(async (event) => {
    heard.push(event)
    await turns()
  })
  // Others come in while those are on their way.
  for (const n of [3, 4]) {
    const more = names.map((name) => job(name, n))
    posted.push(...more)
    for (const event of more) t.match(await app.webhooks.receive(event), { status: 'accepted' })
  }
  await drained(app)
  const of = (events: UnknownEvent[]) => Object.fromEntries(names.map((name) => [JSON.stringify(name), events.filter((event) => conversationOf(event) === name)]))
  t.same(of(heard), of(posted))
  t.equal(heard.length, posted.length)
})

test('a body comes back as it was, whatever stands before, behind or in it', async (t) => {
  const { start } = onOneFile(t)
  const bodies = [
    '\ufeff{"event":"byte order mark"}',
    ' \n{ "event" : "spaces" } \n',
    '{"event":"a\\u0000b\\ud800"}',
    '{"event":"twice","event":"twice, the second"}',
    '{"event":"numbers","numbers":[1e400,-0,1e-400,12345678901234567890]}',
    '{"event":" "}',
    `{"event":"deep","of":${'['.repeat(1_000)}${']'.repeat(1_000)}}`,
    `{"event":"large","text":"${'\u20ac'.repeat(80_000)}"}`
  ]
  const before = await start()
  for (const body of bodies) t.match(await before.app.webhooks.receive(Buffer.from(body)), { status: 'accepted' })
  await before.app.close()
  const heard: UnknownEvent[] = []
  const { app } = await start((event) => { heard.push(event) })
  for (const body of bodies) t.match(await app.webhooks.receive(Buffer.from(body)), { status: 'duplicate' })
  await drained(app)
  const parsed = bodies.map((body) => JSON.parse(body.replace('\ufeff', '')) as UnknownEvent) // so they are made above
  const byName = (events: UnknownEvent[]) => events.map((event) => JSON.stringify(event)).sort()
  t.same(byName(heard), byName(parsed))
  t.same(byName((await app.webhooks.inbox.list()).map(({ event }) => event)), byName(parsed))
})

test('many large bodies at once are accepted or refused with 503, and all that were accepted are delivered', async (t) => {
  const { start } = onOneFile(t)
  const heard = new Map<string, number[]>()
  const { app } = await start((event) => {
    const { n } = event as ReturnType<typeof job> // nothing else is posted
    heard.set(conversationOf(event), [...heard.get(conversationOf(event)) ?? [], n])
  })
  const payload = (n: number) => JSON.stringify(job(`${n % 10}`, n, { text: 'x'.repeat(260_000) }))
  const answers = await Promise.all(Array.from({ length: 400 }, async (_, n) => await app.inject({
    method: 'POST', url: '/webhooks/oneroute', headers: { 'content-type': 'application/json' }, payload: payload(n)
  })))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200, 503]))
  t.ok(answers.every(({ statusCode, headers }) => statusCode === 200 || headers['retry-after'] !== undefined))
  await drained(app)
  const accepted = answers.flatMap(({ statusCode }, n) => statusCode === 200 ? [n] : [])
  t.same([...heard].sort(), Array.from({ length: 10 }, (_, i) => [`${i}`, accepted.filter((n) => n % 10 === i)]))
})
