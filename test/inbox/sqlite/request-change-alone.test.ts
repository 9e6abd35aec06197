import { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { requestChange } from '../../../lib/inbox/sqlite/request-change.ts'
import { createApp, message } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { until } from '../../faults/helpers/until.ts'
import { connect, open, replay, signal } from './helpers/request-change.ts'

test('a file that nobody has is replayed in, for the next start', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  app.webhooks.on('newMessage', () => {})
  await app.ready()
  const { id } = await app.webhooks.receive(message('a', 'again'))
  await until(async () => (await app.webhooks.inbox.stats()).done === 1)
  await app.close()
  t.equal(await requestChange(path, replay([id]), signal), 1)
  const heard: unknown[] = []
  const next = await createApp(t, { inbox: sqliteInbox({ path }) })
  next.app.webhooks.on('newMessage', ({ message: { content } }) => { heard.push(content) })
  await next.app.ready()
  await until(() => heard.length === 1)
  t.same(heard, ['again'])
})

test('who does not want it any more has it withdrawn, unless it is too late', async (t) => {
  const path = temporaryFile(t)
  const store = open(t, path) // which answers nobody by itself
  const { requests, db } = connect(t, path)
  const interrupt = new AbortController()
  const given = requestChange(path, replay(['a']), interrupt.signal)
  t.equal(requests().length, 1)
  interrupt.abort()
  await t.rejects(given, { name: 'AbortError' })
  t.same(requests(), [])
  const late = new AbortController()
  const answered = requestChange(path, replay(['a']), late.signal)
  db.exec('UPDATE change_requests SET count = 7')
  late.abort()
  t.equal(await answered, 7)
  t.equal(store.hasChangeRequest(), false)
})

test('an owner that does not answer is given up, and a request that was removed is not waited for', async (t) => {
  const path = temporaryFile(t)
  open(t, path)
  const { requests, db } = connect(t, path)
  await t.rejects(requestChange(path, replay(['a']), signal, 30), /the process that has it does not answer/)
  t.same(requests(), [])
  const asked = requestChange(path, replay(['a']), signal)
  db.exec('DELETE FROM change_requests')
  await t.rejects(asked, /too old by now/)
})

test('an owner that writes the file anew is waited for longer, but not for ever', async (t) => {
  const path = temporaryFile(t)
  const store = open(t, path) // which answers nobody by itself
  const { db, requests } = connect(t, path)
  const forget = { action: 'forget', lane: 'a' } as const
  const since = (time: number) => {
    db.exec(`DROP TRIGGER IF EXISTS removed; CREATE TRIGGER removed AFTER INSERT ON change_requests BEGIN
      UPDATE change_requests SET argument = '{"count":3}', asked = asked - ${time} WHERE request = new.request; END`)
  }
  since(599_000)
  const asked = requestChange(path, forget, signal, 30)
  db.exec("UPDATE change_requests SET argument = '', count = 3")
  t.equal(await asked, 3)
  since(600_001)
  await t.rejects(requestChange(path, forget, signal), /the events are removed, but it is not written anew yet/)
  since(1)
  const lost = requestChange(path, forget, signal)
  db.exec('DELETE FROM change_requests')
  await t.rejects(lost, /the events are removed, but it is not written anew yet/)
  t.same(requests(), [])
  t.equal(store.hasChangeRequest(), false)
})

test('an owner that ends while somebody waits leaves the replay to the one who waits', async (t) => {
  const path = temporaryFile(t)
  const store = open(t, path)
  const asked = requestChange(path, replay(['a']), signal)
  store.close()
  t.equal(await asked, 0)
})

test('a file that cannot be written is told of', async (t) => {
  const path = temporaryFile(t)
  await t.rejects(requestChange(path, replay([]), signal), { code: 'ENOENT' })
  const store = open(t, path)
  const { db } = connect(t, path)
  db.exec('DROP TABLE change_requests')
  await t.rejects(requestChange(path, replay([]), signal), /no such table/)
  t.throws(() => store.hasChangeRequest(), /no such table/)
})

test('a file that turns out to be unusable when it is to be had is told of', async (t) => {
  const path = temporaryFile(t)
  const store = open(t, path)
  const { db } = connect(t, path)
  const asked = requestChange(path, replay(['a']), signal)
  db.exec('PRAGMA user_version = 99')
  store.close()
  await t.rejects(asked, /a newer version of the package/)
})
