import { Writable } from 'node:stream'
import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { Activity } from '../../../lib/observe/inspector/activity.ts'
import { Feed } from '../../../lib/observe/inspector/feed.ts'
import { summaryOf } from '../../../lib/observe/inspector/summary.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp, gate, message, turns } from '../../helpers/app.ts'
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
  t.match((await next(({ events }) => events.some(({ id, state }) => id === old.id && state === 'dead')))?.activity.hour.at(-1), { accepted: 301, done: Number, retried: 1, dead: 1 })
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
  while (!lines.some(({ msg }) => msg === 'the inspector could not look into the inbox')) await turns()
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

test('what changes during a look is looked at after it, and nothing is once the page has left', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 10 }) })
  const { id } = await app.webhooks.receive(message())
  const looks: Array<PromiseWithResolvers<undefined>> = []
  const inbox = {
    ...app.webhooks.inbox,
    stats: async () => {
      const look = gate()
      looks.push(look)
      await look.promise
      return await app.webhooks.inbox.stats()
    }
  }
  const feed = new Feed({ inbox, activity: new Activity(), log: app.log, show: summaryOf })
  t.teardown(() => { feed.close() })
  const heard: string[] = []
  const page = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      heard.push(chunk.toString())
      done()
    }
  })
  feed.add(page)
  feed.change(id)
  looks[0]?.resolve(undefined)
  while (looks.length < 2) await turns()
  t.match(heard[1], id)
  page.destroy()
  await turns()
  looks[1]?.resolve(undefined)
  await turns()
  t.equal(heard.length, 2)
  feed.change(id)
  t.equal(looks.length, 2)
})

test('pages are told while events come in all the time', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 10 }) })
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf })
  t.teardown(() => { feed.close() })
  const heard: number[] = []
  feed.add(new Writable({
    write: (_chunk, _encoding, done) => {
      heard.push(heard.length)
      done()
    }
  }))
  // Without a pause: a look that each of them put off would never come.
  while (heard.length < 5) {
    feed.change(null)
    await turns()
  }
  t.ok(heard.length >= 5)
})

test('closing does not wait for a page that does not read', async (t) => {
  const { app } = await createApp(t)
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf })
  const deaf = new Writable({ write: () => {} })
  const reads = new Writable({ write: (_chunk, _encoding, done) => { done() } })
  feed.add(deaf)
  feed.add(reads)
  await turns()
  feed.close()
  t.equal(deaf.destroyed, true)
  t.equal(reads.writableEnded, true)
})

test('a page that does not read is cut', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 1_000 }) })
  app.webhooks.on('newMessage', () => {})
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf })
  t.teardown(() => { feed.close() })
  const deaf = new Writable({ write: () => {} })
  const heard: number[] = []
  const reads = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      heard.push(chunk.length)
      done()
    }
  })
  feed.add(deaf)
  feed.add(reads)
  const long = 'x'.repeat(1_000)
  while (!deaf.destroyed) {
    const before = heard.length
    const receipts = await Promise.all(Array.from({ length: 200 }, async () => await app.webhooks.receive(message(`${heard.length} ${long}`))))
    feed.change(receipts[0]?.id ?? null)
    while (heard.length === before) await turns()
  }
  t.ok(heard.every((length) => length < 1_048_576), 'none of it is longer than what may wait')
  t.equal(reads.destroyed, false)
})

/** Listens to it, and does nothing. */
function createPage () {
  let heard = ''
  const page = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      heard += chunk.toString()
      done()
    }
  })
  return { page, heard: () => heard }
}

test('a page is told to ask anew, and then it is told no more', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 10 }) })
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf, lifetime: 1_000 })
  t.teardown(() => { feed.close() })
  const { page: first, heard } = createPage()
  feed.add(first)
  while (!heard().includes('event: renew')) await turns()
  t.equal(first.writableEnded, false, 'it is told of what comes in until it has asked')
  const { page: second, heard: heardBySecond } = createPage()
  feed.add(second)
  while (!first.closed) await turns()
  t.equal(second.closed, false)
  const { id } = await app.webhooks.receive(message())
  feed.change(id)
  while (!heardBySecond().includes(id)) await turns()
  t.notMatch(heard(), id)
})

test('a page that does not read is cut in time', async (t) => {
  const { app } = await createApp(t)
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf, lifetime: 50 })
  const deaf = new Writable({ write: () => {} })
  feed.add(deaf)
  while (!deaf.closed) await turns()
  t.equal(deaf.destroyed, true)
})

test('nothing of a feed is left when it is closed, and nobody is told any more', async (t) => {
  const { app } = await createApp(t)
  const parts = { inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf, lifetime: 50 }
  const feed = new Feed(parts)
  const { page, heard } = createPage()
  const errors: Error[] = []
  page.on('error', (error) => { errors.push(error) })
  feed.add(page)
  feed.close()
  const { page: late } = createPage()
  feed.add(late)
  t.equal(late.writableEnded, true, 'one that was on its way')
  const other = new Feed(parts)
  t.teardown(() => { other.close() })
  const { page: later, heard: heardLater } = createPage()
  other.add(later)
  while (!later.closed) await turns()
  t.match(heardLater(), 'event: renew')
  t.equal(heard(), 'retry: 2000\n\n', 'its own time would have come before that')
  t.same(errors, [])
})

test('whoever may look no longer is told no more once a stream has ended', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 10 }) })
  let mayLook = true
  await addShortLived(app, () => mayLook, 200)
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
