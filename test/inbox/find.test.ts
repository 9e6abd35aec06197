import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { StoredEvent } from '../../index.ts'
import { replayAll, search } from '../../lib/inbox/find.ts'
import type { SearchOptions } from '../../lib/inbox/find.ts'
import type { EventFilter } from '../../lib/inbox/inbox.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { createApp, message, turns } from '../helpers/app.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

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

test('all dead events are replayed in their order, or those up to one', async (t) => {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }), retry: { attempts: 1 }, concurrency: 1 })
  const heard: unknown[] = []
  let broken = true
  app.webhooks.on('newMessage', ({ message: { content } }) => {
    if (broken) throw new Error('broken')
    heard.push(content)
  })
  const settled = async () => { while ((await app.webhooks.inbox.stats()).pending > 0) await turns() }
  for (let i = 0; i < 1_100; i++) await app.webhooks.receive(message('a', String(i)))
  await settled()
  const third = (await app.webhooks.inbox.list({ state: 'dead', limit: 1_000 })).find(({ event }) => (event.message as { content: string }).content === '1000')
  broken = false
  t.equal(await replayAll(app.webhooks.inbox, { state: 'dead' }, third?.seq), 1_001)
  await settled()
  t.same(heard, Array.from({ length: 1_001 }, (_, i) => String(i)))
  t.equal(await replayAll(app.webhooks.inbox, { state: 'dead' }), 99)
  await settled()
  t.match(await app.webhooks.inbox.stats(), { pending: 0, dead: 0, done: 1_100 })
  t.equal(heard.at(-1), '1099')
})
