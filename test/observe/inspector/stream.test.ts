import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { until } from '../../faults/helpers/until.ts'
import { createApp, message } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { addShortLived, createInspected, replaceFind } from './inspected.ts'

const RETRY = { attempts: 2, minDelay: 1, maxDelay: 1, factor: 1 }

interface Update { stats: { pending: number }, events: Array<{ id: string, state: string, text: string, behind: object | null }>, gone: string[], gap: boolean, activity: { hour: Array<Record<string, number>> } }

/** Reads a stream of server-sent events. */
async function openStream (t: Test, url: string) {
  const leaving = new AbortController()
  t.teardown(() => { leaving.abort() })
  const response = await fetch(`${url}/inspector/api/stream`, { signal: leaving.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  /** The next update that this is true of; undefined when the stream has ended. */
  const next = async (isIt: (update: Update) => boolean): Promise<Update | undefined> => {
    for (;;) {
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, data] = /^data: (.*)$/m.exec(text.slice(0, end)) ?? []
        text = text.slice(end + 2)
        const update = data === undefined || data === '{}' ? undefined : JSON.parse(data) as Update // as the feed writes it
        if (update !== undefined && isIt(update)) return update
      }
      const { done, value = '' } = await reader?.read() ?? { done: true }
      if (done) return undefined
      text += value
    }
  }
  return { response, next, leave: () => { leaving.abort() } }
}

test('a page is told what comes in and what becomes of it, also of what it saw long ago', async (t) => {
  const { app } = await createInspected(t, { inbox: sqliteInbox({ path: temporaryFile(t) }), retry: RETRY })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const old = await app.webhooks.receive(message('old', 'the first'))
  const { response, next } = await openStream(t, url)
  t.match(Object.fromEntries(response.headers), { 'content-type': 'text/event-stream', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  t.match(await next(() => true), { stats: { pending: 1 }, events: [{ id: old.id, state: 'pending' }], gap: false })
  await Promise.all(Array.from({ length: 300 }, async () => await app.webhooks.receive(message('many'))))
  t.ok(await next(({ gap }) => gap), 'more than it is told of came in')
  let broken = true
  app.webhooks.on('newMessage', ({ conversation }) => { if (broken && conversation.id === 'old') throw new Error('broken') })
  const update = await next(({ events }) => events.some(({ id, state }) => id === old.id && state === 'dead'))
  // A minute may have ended meanwhile.
  for (const [key, count] of Object.entries({ accepted: 301, retried: 1, dead: 1 })) t.equal(update?.activity.hour.reduce((sum, minute) => sum + (minute[key] ?? 0), 0), count, key)
  broken = false
  await app.webhooks.inbox.replay([old.id])
  t.ok(await next(({ events }) => events.some(({ id, state }) => id === old.id && state === 'done')))
})

test('a page is told what is removed, by whomever, and not of what others have pushed out of sight', async (t) => {
  const inbox = new ModelInbox()
  const { app } = await createInspected(t, { inbox })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const ids: string[] = []
  for (let i = 0; i < 3; i++) ids.push((await app.webhooks.receive(message('a', `number ${i}`))).id)
  const { next } = await openStream(t, url)
  t.match(await next(() => true), { events: { length: 3 }, gone: { length: 0 } })
  await app.webhooks.inbox.discard(ids.slice(0, 1)) // the oldest
  t.match(await next(({ gone }) => gone.length > 0), { gone: ids.slice(0, 1), events: { length: 0 }, gap: false })
  // As a page with a limit in bytes is: shorter than all there is.
  Reflect.defineProperty(inbox, 'list', { value: () => ModelInbox.prototype.list.call(inbox, { limit: 2 }), configurable: true })
  const { id } = await app.webhooks.receive(message('a', 'large'))
  t.match(await next(({ events }) => events.some((event) => event.id === id)), { gone: { length: 0 }, events: { length: 1 } })
  Reflect.deleteProperty(inbox, 'list')
  for (let i = 0; i < 199; i++) await app.webhooks.receive(message('b', `more ${i}`))
  await next(({ events }) => events.some(({ text }) => text === 'more 198'))
  await app.webhooks.inbox.forget('b')
  t.equal((await next(({ gone }) => gone.length > 0))?.gone.length, 199)
})

test('a page is told what another one changes, however old that is, and to read again if it is much', async (t) => {
  const { app, send } = await createInspected(t)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.equal((await send('discard', { ids: ['nobody looks'] })).statusCode, 200)
  const ids: string[] = []
  for (let i = 0; i < 300; i++) ids.push((await app.webhooks.receive(message(`c-${i}`))).id)
  const { next } = await openStream(t, url)
  t.match(await next(() => true), { gap: false })
  await send('discard', { ids: ids.slice(0, 1) })
  t.match(await next(({ gone }) => gone.length > 0), { gone: ids.slice(0, 1), gap: false })
  await send('discard', { ids: ids.slice(1, 61) })
  t.match(await next(({ gone }) => gone.length > 0), { gap: true })
  await send('forget', { conversation: 'c-70' })
  t.ok(await next(({ gap }) => gap))
  t.match(await next(() => true), { gap: false })
})

test('a page reads the list again, too, if what came in is few events, but more bytes than a look takes', async (t) => {
  const { app } = await createInspected(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await app.webhooks.receive(message('old', 'the first'))
  const { next } = await openStream(t, url)
  await next(() => true)
  await Promise.all(Array.from({ length: 40 }, async (_, i) => await app.webhooks.receive(message('many', `${i} ${'x'.repeat(1_000_000)}`))))
  t.ok(await next(({ gap }) => gap))
})

test('a page stays when the inbox cannot be asked for a while', async (t) => {
  const { app, lines } = await createInspected(t, { inbox: new ModelInbox() })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { next } = await openStream(t, url)
  t.ok(await next(() => true))
  const { inbox } = app.webhooks
  Reflect.defineProperty(inbox, 'stats', { value: async () => await Promise.reject(new Error('away')), configurable: true, writable: true })
  await until(() => lines.some(({ msg }) => msg === 'the inspector could not look into the inbox'))
  Reflect.defineProperty(inbox, 'stats', { value: async () => await Promise.resolve({ pending: 5 }) })
  t.match(await next(() => true), { stats: { pending: 5 } })
})

test('a page is told what waits for a failing event, and when it waits no longer', async (t) => {
  const { app } = await createInspected(t, { inbox: new ModelInbox(), retry: { minDelay: 60_000 } }, { redact: ['email'] })
  app.webhooks.on('newMessage', ({ message: { content }, conversation: { customer } }) => { if (content === 'fails') throw new Error(`no account for ${customer.email}`) })
  let asked = 0
  replaceFind(app, async (options, find) => {
    asked++
    return await find(options)
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { next } = await openStream(t, url)
  t.ok(await next(() => true))
  await app.webhooks.receive(message('a', 'fine'))
  t.ok(await next(({ events }) => events.some(({ state }) => state === 'done')))
  t.equal(asked, 0, 'nothing is looked for while nothing fails')
  const { id } = await app.webhooks.receive(message('a', 'fails'))
  await app.webhooks.receive(message('a', 'waits'))
  const behind = { id, attempts: 1, dueAt: String, error: 'listener 1: no account for [redacted]' }
  const waits = (is: boolean) => ({ events }: Update) => events.some((event) => event.text === 'waits' && (event.behind !== null) === is)
  t.match((await next(waits(true)))?.events.find(({ text }) => text === 'waits'), { state: 'pending', behind })
  await app.webhooks.inbox.discard([id])
  t.ok(await next(waits(false)))
  const before = asked
  await app.webhooks.receive(message('b', 'fine'))
  t.ok(await next(({ stats }) => stats.pending === 0))
  t.equal(asked, before)
})

test('a page that leaves is forgotten, and closing ends those that stay', async (t) => {
  const { app } = await createInspected(t)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const gone = await openStream(t, url)
  t.ok(await gone.next(() => true))
  gone.leave()
  const stays = await openStream(t, url)
  t.ok(await stays.next(() => true))
  const ended = stays.next(() => false)
  await app.close()
  t.equal(await ended, undefined)
})

test('whoever may look no longer is told no more once a stream has ended', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 10 }) })
  let mayLook = true
  await addShortLived(app, () => mayLook, { lifetime: 1_000, renewAfter: 900 })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  app.webhooks.on('newMessage', () => {})
  await app.webhooks.receive(message('a', 'before'))
  const stream = await openStream(t, url)
  t.ok(await stream.next(({ events }) => events.some(({ text }) => text === 'before')))
  mayLook = false
  t.equal(await stream.next(() => false), undefined, 'it has ended')
  t.equal((await openStream(t, url)).response.status, 403)
  mayLook = true
  await app.webhooks.receive(message('a', 'meanwhile'))
  const again = await openStream(t, url)
  t.match(await again.next(() => true), { events: [{ text: 'meanwhile' }, { text: 'before' }] }, 'the first answer has all')
})
