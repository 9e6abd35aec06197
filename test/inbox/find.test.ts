import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { Inbox, ListOptions, StoredEvent } from '../../index.ts'
import { search } from '../../lib/inbox/find.ts'
import type { SearchOptions } from '../../lib/inbox/find.ts'
import type { EventFilter } from '../../lib/inbox/inbox.ts'
import { createApp, message } from '../helpers/app.ts'

async function found (t: Test, inbox: Parameters<typeof search>[0], filter: EventFilter, options?: SearchOptions) {
  const contents: unknown[] = []
  let scanned = 0
  let last: number | null | undefined
  for await (const page of search(inbox, filter, options)) {
    contents.push(...page.events.map(({ event }) => (event.message as { content?: string } | undefined)?.content ?? event.event))
    scanned += page.scanned
    t.not(last, null, 'no page comes after the last')
    last = page.before
  }
  t.equal(last, null)
  return { contents, scanned }
}

test('an inbox is searched from the newest on, by all that the filter says', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 2_000 }) })
  app.webhooks.on('newMessage', ({ message: { content } }) => { if (content === 'fails') throw new Error('broken') })
  await app.webhooks.receive(message('a', 'the FIRST'))
  await t.rejects(app.webhooks.receive(message('b', 'fails')))
  for (let i = 0; i < 1_000; i++) await app.webhooks.receive(message('c', `number ${i}`))
  await app.webhooks.receive({ event: 'other', deep: { list: [1, null, { text: 'first of all' }] } })
  const { inbox } = app.webhooks
  t.match(await found(t, inbox, { text: 'First' }), { contents: ['other', 'the FIRST'], scanned: 1_003 })
  t.same((await found(t, inbox, { name: 'other' })).contents, ['other'])
  t.same((await found(t, inbox, { conversation: 'b' })).contents, ['fails'])
  t.same(await found(t, inbox, { state: 'dead' }), { contents: ['fails'], scanned: 1 })
  t.same((await found(t, inbox, { conversation: 'a', text: 'number' })).contents, [])
  t.same((await found(t, inbox, { text: 'first' }, { before: 3 })).contents, ['the FIRST'])
  const redact = (stored: StoredEvent) => ({ ...stored, lane: 'hidden', event: { event: stored.name } })
  t.same((await found(t, inbox, { text: 'first' }, { redact })).contents, [])
  t.same((await found(t, inbox, { conversation: 'a' }, { redact })).contents, [])
  const [other] = await inbox.list({ limit: 1 })
  t.same((await found(t, inbox, { conversation: String(other?.lane) })).contents, [], 'it has no conversation')
  t.match(await search(inbox, {}).next(), { value: { events: [{ name: 'other' }], before: Number } }, 'whoever asks decides how far')
})
test('an inbox without a `find` of its own is looked through page by page', async (t) => {
  const inner = memoryInbox({ history: 10 })
  const inbox: Inbox = {
    durable: false,
    open: async (host) => { await inner.open(host) },
    add: (event) => inner.add(event),
    claim: (lanes) => inner.claim(lanes),
    settle: (claim, outcomes) => inner.settle(claim, outcomes),
    stats: () => inner.stats(),
    list: (options) => inner.list(options),
    get: (id) => inner.get(id),
    replay: (ids, options) => inner.replay(ids, options),
    discard: (ids) => inner.discard(ids),
    forget: (lane) => inner.forget(lane),
    close: () => inner.close()
  }
  const { app } = await createApp(t, { inbox })
  app.webhooks.on('event', () => {})
  for (const [i, lane] of ['a', 'b', 'a'].entries()) await app.webhooks.receive(message(lane, `${i} of ${lane}`))
  t.same(await found(t, app.webhooks.inbox, { text: 'OF A' }), { contents: ['2 of a', '0 of a'], scanned: 3 })
})

test('a conversation is listed, as many of its events as are asked for', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 2_000 }) })
  app.webhooks.on('event', () => {})
  for (let i = 0; i < 150; i++) await app.webhooks.receive(message(i % 10 === 0 ? 'a' : 'b', `number ${i}`))
  const listed = async (options: ListOptions) => (await app.webhooks.inbox.list(options)).map(({ lane }) => lane)
  t.same(await listed({ conversation: 'a', limit: 1 }), ['a'])
  t.same(await listed({ conversation: 'a' }), Array(15).fill('a'))
  t.same(await listed({ conversation: 'b' }), Array(100).fill('b'), 'a hundred, if nobody says how many')
  t.same(await listed({ conversation: 'c' }), [])
})
