import { test } from 'tap'
import type { StoredEvent } from '../../../index.ts'
import type { UnknownEvent } from '../../../lib/events/schemas.ts'
import { createRedact } from '../../../lib/observe/inspector/redact.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message, turns } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { createInspected } from './inspected.ts'
import type { Answer } from './inspected.ts'

/** An event as an inbox would show it, with an error of a listener's. */
function stored (fields: object, { error = null, lane = 'a lane' }: { error?: string | null, lane?: string } = {}): StoredEvent {
  const failures = error === null ? [] : [{ listener: 'tell', duration: 1, error }]
  const at = new Date()
  const event: UnknownEvent = { event: 'mine', ...fields }
  return { seq: 1, id: 'its id', name: 'mine', lane, state: 'dead', event, receivedAt: at, attempts: 1, dueAt: null, finishedAt: at, error, deliveries: [{ attempt: 1, startedAt: at, duration: 1, completed: [], failures }] }
}

/** What is shown of an error. */
function shownOf (names: string[], fields: object, error: string): string | null {
  const { error: shown, deliveries } = createRedact(names)(stored(fields, { error }))
  const [inDelivery] = deliveries.flatMap(({ failures }) => failures.map(({ error }) => error))
  if (inDelivery !== shown) throw new Error(`A delivery says ${String(inDelivery)}`)
  return shown
}

for (const [name, field, error, shown] of [
  ['a text', 'ada@mail.example', 'no account for ada@mail.example', 'no account for [redacted]'],
  ['each time', 'ada@mail.example', 'ada@mail.example is not <ada@mail.example>', '[redacted] is not <[redacted]>'],
  ['in capitals or not', 'Ada@Mail.example', 'no ADA@MAIL.EXAMPLE', 'no [redacted]'],
  ['in an address', 'ada @mail.example', 'GET /people?email=ada%20%40mail.example failed', 'GET /people?email=[redacted] failed'],
  ['in JSON', 'a "b" c\nd', 'not good: {"name":"a \\"b\\" c\\nd"}', 'not good: {"name":"[redacted]"}'],
  ['half a pair of surrogates', 'half \ud800 of it', 'not: half \ud800 of it', 'not: [redacted]'],
  ['a letter that is longer in small letters', 'İstanbul 5 Ağa', 'not İSTANBUL 5 AĞA', 'not [redacted]'],
  ['a number', 2348031234567, 'no handset 2348031234567.', 'no handset [redacted].'],
  ['at any depth', { a: [{ b: ['the token'] }] }, 'not the token', 'not [redacted]'],
  ['a part of it', 'Hello World, this is Ada', 'Unexpected token \'H\', "Hello Worl"... is not valid JSON', 'Unexpected token \'H\', "[redacted]"... is not valid JSON'],
  ['a short one', 'Ann', 'no account for Ann', 'no account for [redacted]'],
  ['a short one, but not in another word', 'Ann', 'cannot do it, annual', 'cannot do it, annual'],
  ['one that is too short, but all of it', 'no', 'no', '[redacted]'],
  ['one that is too short, and not all of it', 'no', 'no way', 'no way'],
  ['nothing', '', 'broken', 'broken'],
  ['true', true, 'it is true', 'it is true'],
  ['null', null, 'it is null', 'it is null'],
  ['a part that is too short', 'Ada Okafor', 'no Okafor here', 'no Okafor here'],
  ['what is long', 'x '.repeat(10_000), 'not x x x', '[redacted]'],
  ['what has much in it', Array.from({ length: 20_000 }, (_, i) => i), 'not 19999', '[redacted]']
] as Array<[name: string, field: unknown, error: string, shown: string]>) {
  test(`what a redacted field holds is not shown in errors: ${name}`, async (t) => {
    t.equal(shownOf(['other', 'secret'], { a: [{ secret: field }] }, error), shown)
    t.equal(shownOf([], { a: [{ secret: field }] }, error), error)
  })
}

test('a lane that has a redacted value in it, or a part of one, is not shown', (t) => {
  const laneOf = (secret: unknown, lane: string) => createRedact(['secret'])(stored({ secret }, { lane })).lane
  for (const [secret, lane] of [['ada@x', 'ada@x'], ['ada@x', 'mail:ADA@X'], [5, '5'], ['+234 8031234567', '8031234567'], [Array.from({ length: 20_000 }, (_, i) => i), 'c']]) {
    t.equal(laneOf(secret, String(lane)), '[redacted]', String(lane))
  }
  for (const [secret, lane] of [['ada@x', 'c1'], ['Ann', 'annual'], ['no', 'no way'], ['+234 8031234567', '4567'], [null, 'c1']]) t.equal(laneOf(secret, String(lane)), lane)
  t.equal(laneOf('its id', 'its id'), 'its id', 'its own is no secret')
  t.end()
})

test('of an event that is nested too deeply nothing is shown', (t) => {
  let deep: object = { secret: 'the token', a: 'ada@mail.example' }
  for (let i = 0; i < 100_000; i++) deep = { deep }
  const { event, error, lane } = createRedact(['secret'])(stored({ deep }, { error: 'the token of ada@mail.example', lane: 'ada@mail.example' }))
  t.same({ event, error, lane }, { event: { event: 'mine', redacted: 'it is nested too deeply to be shown' }, error: '[redacted] of [redacted]', lane: '[redacted]' })
  t.match(createRedact([])(stored({ deep }, { error: 'the token' })), { event: { redacted: /too deeply/ }, error: 'the token' })
  t.end()
})

test('what is redacted is up to the app', async (t) => {
  const { app, ask } = await createInspected(t, {}, { redact: ['content', 'customer'] })
  const { id } = await app.webhooks.receive(message('a', 'nobody reads this'))
  t.match((await ask(`events/${id}`)).json(), { event: { message: { content: '[redacted]' }, conversation: { customer: '[redacted]', Channel: { credentials: null } } } })
  t.match((await ask('events')).json(), { events: [{ text: '[redacted]' }] })
  const deep = `{"event":"deep","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
  const { id: deepId } = await app.webhooks.receive(deep)
  t.match((await ask(`events/${deepId}`)).json(), { event: { event: 'deep', redacted: 'it is nested too deeply to be shown' } })
})

test('what is redacted is nowhere: not in lists, events, the stream, nor found by what it is', async (t) => {
  const { app, ask } = await createInspected(t, {
    inbox: sqliteInbox({ path: temporaryFile(t) }),
    retry: { attempts: 2, minDelay: 1, maxDelay: 1 },
    lane: ({ conversation }) => (conversation as { customer: { email: string } }).customer.email // of a message
  }, { redact: ['email', 'credentials'] })
  app.webhooks.on('newMessage', function tell ({ conversation: { customer, Channel } }) {
    throw new Error(`no account for ${JSON.stringify([customer.email, Channel.credentials])}`)
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await app.webhooks.receive(newMessage({ conversation: { id: 'c1', customer: { email: 'ada@mail.example' }, Channel: { credentials: { token: 'a long token' } } } }))
  while ((await app.webhooks.inbox.stats()).pending > 0) await turns()
  const list = await ask('events')
  const { events: [event] } = list.json<Answer>()
  t.match(event, { conversation: '[redacted]', error: 'tell: no account for ["[redacted]",{"token":"[redacted]"}]' })
  const detail = await ask(`events/${event?.id}`)
  t.match(detail.json(), { lane: '[redacted]', deliveries: [{ failures: [{ error: /^no account for \["\[redacted\]",/ }] }, { attempt: 2 }] })
  const stream = await fetch(`${url}/inspector/api/stream`)
  let told = ''
  for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    told += chunk
    if (told.includes('"gap"')) break
  }
  t.match(told, '"conversation":"[redacted]"')
  for (const text of [list.body, detail.body, told]) t.notMatch(text, /ada@|long token/)
  for (const query of ['conversation=ada@mail.example', 'text=ada@mail', 'text=long%20token']) t.same((await ask(`events?${query}`)).json<Answer>().events, [], query)
})
