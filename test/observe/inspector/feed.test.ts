import { Writable } from 'node:stream'
import { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { Activity } from '../../../lib/observe/inspector/activity.ts'
import { Feed } from '../../../lib/observe/inspector/feed.ts'
import { summaryOf } from '../../../lib/observe/inspector/summary.ts'
import { until } from '../../faults/helpers/until.ts'
import { createApp, gate, message, turns } from '../../helpers/app.ts'

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
  await until(() => looks.length === 2)
  t.match(heard[1], id)
  page.destroy()
  await turns()
  looks[1]?.resolve(undefined)
  await turns()
  t.equal(heard.length, 2)
  feed.change(id)
  t.equal(looks.length, 2)
})

test('of the events of a burst none is left out, however many others have changed', async (t) => {
  const { app } = await createApp(t, { inbox: memoryInbox({ history: 200 }) })
  const ids: string[] = []
  for (let i = 0; i < 140; i++) ids.push((await app.webhooks.receive(message())).id)
  // As if all of them were older than those that are looked at each time.
  const inbox = { ...app.webhooks.inbox, list: async () => await Promise.resolve([]) }
  const feed = new Feed({ inbox, activity: new Activity(), log: app.log, show: summaryOf })
  t.teardown(() => { feed.close() })
  const { page, heard } = createPage()
  feed.add(page)
  for (const id of ids.slice(0, 40)) feed.change(id)
  feed.change(...ids.slice(40))
  await until(() => heard().includes(String(ids[0])))
  for (const id of ids) t.match(heard(), id)
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
    await until(() => heard.length > before)
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
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf, lifetime: 2_000, renewAfter: 200 })
  t.teardown(() => { feed.close() })
  const { page: first, heard } = createPage()
  feed.add(first)
  await until(() => heard().includes('event: renew'))
  t.equal(first.writableEnded, false, 'it is told of what comes in until it has asked')
  await until(() => first.closed)
  const { page: second, heard: heardBySecond } = createPage()
  feed.add(second)
  const { id } = await app.webhooks.receive(message())
  feed.change(id)
  await until(() => heardBySecond().includes(id))
  t.notMatch(heard(), id)
})

test('a page that does not read is cut in time', async (t) => {
  const { app } = await createApp(t)
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf, lifetime: 50, renewAfter: 45 })
  const deaf = new Writable({ write: () => {} })
  feed.add(deaf)
  await until(() => deaf.closed)
  t.equal(deaf.destroyed, true)
})

test('nothing of a feed is left when it is closed, and nobody is told any more', async (t) => {
  const { app } = await createApp(t)
  const parts = { inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf, lifetime: 50, renewAfter: 45 }
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
  await until(() => later.closed)
  t.match(heardLater(), 'event: renew')
  t.equal(heard(), 'retry: 2000\n\n', 'its own time would have come before that')
  t.same(errors, [])
})

test('a page that has left before it is added is not followed', async (t) => {
  const { app } = await createApp(t)
  const feed = new Feed({ inbox: app.webhooks.inbox, activity: new Activity(), log: app.log, show: summaryOf })
  t.teardown(() => { feed.close() })
  const { page, heard } = createPage()
  page.destroy()
  await turns()
  feed.add(page)
  await turns()
  t.equal(heard(), '')
  t.notOk(page.listenerCount('close'))
})
