import Fastify from 'fastify'
import { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { GroupCommit } from '../../../lib/inbox/sqlite/group-commit.ts'
import { requestChange } from '../../../lib/inbox/sqlite/request-change.ts'
import { VALID_FOR } from '../../../lib/inbox/sqlite/store/change-requests.ts'
import { createApp, message } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { until } from '../../faults/helpers/until.ts'
import { connect, nothing, open, replay, signal } from './helpers/request-change.ts'

test('who asks for a replay is heard of once, until it is answered', async (t) => {
  const path = temporaryFile(t)
  const store = open(t, path)
  t.equal(store.hasChangeRequest(), false)
  const { ask, requests } = connect(t, path)
  ask('{"ids":["none"]}')
  ask('{"ids":[]}')
  t.equal(store.hasChangeRequest(), true)
  t.equal(store.hasChangeRequest(), true, 'again, until it is answered')
  const answer = () => store.run({ ...nothing, now: Date.now(), calls: [{ method: 'carryOut' }] }).results
  t.same(answer(), [{ isMore: true, lanes: [], pending: [] }])
  t.same(requests(), [{ request: 1, count: 0 }, { request: 2, count: null }])
  t.equal(store.hasChangeRequest(), true)
  answer()
  t.equal(store.hasChangeRequest(), false)
  t.same(answer(), [{ isMore: false, lanes: [], pending: [] }], 'and to nobody it answers nothing')
})

test('a request that is not known does no harm, and is answered with that', async (t) => {
  const path = temporaryFile(t)
  const store = open(t, path)
  const { db, ask, requests } = connect(t, path)
  const changes = [['replay', '{'], ['replay', 'null'], ['replay', '{"ids":1}'], ['explode', '{"ids":[]}'], ['discard', '{"ids":[1,{},[null]]}'], ['forget', '{"lane":1}']] as const
  for (const [action, argument] of changes) {
    ask(argument, { action })
    store.run({ ...nothing, now: Date.now(), calls: [{ method: 'carryOut' }] })
  }
  t.same(requests().map(({ count }) => count), [null, null, null, null, 0, null])
  t.same(db.prepare('SELECT DISTINCT error FROM change_requests').all().map(({ error }) => error), ['the process that has it does not know what was asked', null])
  t.equal(store.hasChangeRequest(), true, 'a lane that is not said has no events')
})

test('a request that nobody expects to be carried out any more is not, and no answer stays for ever', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  app.webhooks.on('newMessage', () => {})
  await app.ready()
  const { id } = await app.webhooks.receive(message())
  await until(async () => (await app.webhooks.inbox.stats()).done === 1)
  const { db, ask, requests } = connect(t, path)
  ask(JSON.stringify({ ids: [id] }), { asked: Date.now() - VALID_FOR - 1 })
  const answered = ask('{}', { asked: Date.now() - 3_600_001 })
  db.prepare('UPDATE change_requests SET count = 1 WHERE request = ?').run(answered)
  const kept = ask('{}', { asked: Date.now() - VALID_FOR - 1 })
  db.prepare('UPDATE change_requests SET count = 1 WHERE request = ?').run(kept)
  const last = ask('{"ids":[]}')
  await until(() => requests().some(({ request, count }) => request === last && count === 0))
  t.same(requests(), [{ request: kept, count: 1 }, { request: last, count: 0 }])
  t.equal((await app.webhooks.inbox.get(id))?.seq, 1, 'not replayed')
})

test('the app that has the file replays, and delivers at once', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  const heard: unknown[] = []
  app.webhooks.on('newMessage', ({ message: { content } }) => { heard.push(content) })
  await app.ready()
  const ids: string[] = []
  for (const n of [1, 2, 3]) ids.push((await app.webhooks.receive(message('a', `${n}`))).id)
  await until(() => heard.length === 3)
  const { requests } = connect(t, path)
  const counts = await Promise.all([requestChange(path, replay(ids.slice(0, 2)), signal), requestChange(path, replay(ids.slice(2).concat('unknown')), signal)])
  t.same(counts, [2, 1])
  await until(() => heard.length === 6)
  t.same(heard, ['1', '2', '3', '1', '2', '3'])
  t.same(requests(), [], 'nothing is left')
})

test('a lane that is under way is replayed into in order, and given back', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  const heard: unknown[] = []
  const { promise, resolve } = Promise.withResolvers<undefined>()
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    heard.push(content)
    if (content === 'slow') await promise
  })
  await app.ready()
  const { id } = await app.webhooks.receive(message('a', 'first'))
  await until(async () => (await app.webhooks.inbox.stats()).done === 1)
  await app.webhooks.receive(message('a', 'slow'))
  await until(() => heard.includes('slow'))
  t.equal(await requestChange(path, replay([id]), signal), 1)
  t.equal(await requestChange(path, replay([id]), signal), 0, 'it is pending')
  await app.webhooks.receive(message('a', 'last'))
  resolve(undefined)
  await until(async () => (await app.webhooks.inbox.stats()).done === 3)
  t.same(heard, ['first', 'slow', 'first', 'last'])
})

test('who cannot withdraw a request, for another writes all the time, learns why it was not done', async (t) => {
  const path = temporaryFile(t)
  open(t, path)
  const { db, requests } = connect(t, path)
  const asked = requestChange(path, replay(['a']), signal, 30)
  db.exec('BEGIN IMMEDIATE')
  await t.rejects(asked, /the process that has it does not answer/)
  db.exec('COMMIT')
  t.equal(requests().length, 1, 'it is dropped when it is too old')
})

test('an app whose change requests cannot be read goes on', async (t) => {
  const path = temporaryFile(t)
  const { app, lines } = await createApp(t, { inbox: sqliteInbox({ path, keep: 1 }) })
  app.webhooks.on('newMessage', () => {})
  await app.ready()
  const { db } = connect(t, path)
  db.exec('DROP TABLE change_requests')
  for (const round of ['once', 'twice']) {
    t.match(await app.webhooks.receive(message()), { status: 'accepted' }, round)
    // What is old is looked for as often, and a little later.
    await until(async () => Object.values({ ...await app.webhooks.inbox.stats(), oldestPendingAt: 0, lastReceivedAt: 0 }).every((count) => count === 0))
  }
  t.same(lines.filter(({ level }) => level > 40), [], 'its thread has not ended')
})

test('change requests that cannot be carried out keep nothing else from being done', async (t) => {
  const path = temporaryFile(t)
  const exchange = new GroupCommit({ path, keep: 1_000, keepFailed: 1_000, wait: 0, host: { log: Fastify().log, maxBacklog: 10, wake: () => {} } })
  t.teardown(async () => { await exchange.close() })
  await exchange.open()
  const { db } = connect(t, path)
  db.exec('DROP TABLE change_requests')
  await t.resolves(exchange.changes.carryOut())
  t.match(await exchange.call({ method: 'stats' }), { pending: 0 })
})
