import { DatabaseSync } from 'node:sqlite'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { GroupCommit } from '../../../lib/inbox/sqlite/group-commit.ts'
import type { Work } from '../../../lib/inbox/sqlite/messages.ts'
import { requestChange } from '../../../lib/inbox/sqlite/request-change.ts'
import { VALID_FOR } from '../../../lib/inbox/sqlite/store/change-requests.ts'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import { createApp, message } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { until } from '../../faults/helpers/until.ts'

const { signal } = new AbortController()
const replay = (ids: string[]) => ({ action: 'replay', ids, all: false } as const)
const nothing: Work = { kind: 'work', now: 1, done: [], failed: [], givenBack: [], adds: { rows: [], bodies: new Uint8Array(0) }, calls: [] }

function open (t: Test, path: string): Store {
  const store = new Store({ kind: 'open', path, keep: 1_000, keepFailed: 1_000, maxBacklog: 10, held: [], again: false })
  t.teardown(() => { try { store.close() } catch {} })
  return store
}

/** Another connection, as other processes have one. */
function connect (t: Test, path: string) {
  const db = new DatabaseSync(path)
  t.teardown(() => { db.close() })
  const ask = (argument: string, { asked = Date.now(), action = 'replay' } = {}) =>
    Number(db.prepare('INSERT INTO change_requests (asked, action, argument) VALUES (?, ?, ?)').run(asked, action, argument).lastInsertRowid)
  const requests = () => db.prepare('SELECT request, count FROM change_requests ORDER BY request').all().map((row) => ({ ...row }))
  return { db, ask, requests }
}

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

test('an owner that ends while somebody waits leaves the replay to the one who waits', async (t) => {
  const path = temporaryFile(t)
  const store = open(t, path)
  const asked = requestChange(path, replay(['a']), signal)
  store.close()
  t.equal(await asked, 0)
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
