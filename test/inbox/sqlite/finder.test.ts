import { renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import type { Test } from 'tap'
import { Finder } from '../../../lib/inbox/sqlite/finder.ts'
import { turns } from '../../helpers/app.ts'
import { until } from '../../faults/helpers/until.ts'
import { openInbox, temporaryFile, threads } from '../../helpers/sqlite.ts'
import { claim, newEvent } from '../conformance.ts'

const HOUR = 3_600_000

/** An inbox with an event, the thread of which has started. */
async function withOne (t: Test) {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  await inbox.add(newEvent('a', { id: 'one' }))
  return { path, inbox }
}

test('a thread that finds events starts with the first question, and ends when it is not asked any more', async (t) => {
  const { path } = await withOne(t)
  const workers = threads(t)
  const finder = new Finder(path, 1)
  t.teardown(async () => { await finder.close() })
  t.equal(workers.length, 0)
  t.match(await Promise.all([finder.find({}), finder.find({ name: 'other' })]), [{ ids: ['one'] }, { ids: [] }])
  t.equal(workers.length, 1)
  while (workers[0]?.threadId !== -1) await turns()
  t.match(await finder.find({}), { ids: ['one'] })
  t.equal(workers.length, 2)
})

test('a thread that ends by an error is started again with the next question', async (t) => {
  const { path } = await withOne(t)
  const workers = threads(t)
  const finder = new Finder(path, HOUR)
  t.match(await finder.find({}), { ids: ['one'] })
  const ended = workers[0]?.terminate()
  const asked = finder.find({}).catch((error: unknown) => error) // it is not known yet that nobody will answer
  await ended
  t.match(await asked, { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
  t.match(await finder.find({}), { ids: ['one'] })
  t.equal(workers.length, 2)
  await Promise.all([finder.close(), finder.close()])
  t.ok(workers.every(({ threadId }) => threadId === -1), 'none is left')
  await t.rejects(finder.find({}), { code: 'FST_ONEROUTE_CLOSING' })
})

test('what is asked when it is closed is answered', async (t) => {
  const { path } = await withOne(t)
  const finder = new Finder(path)
  const asked = finder.find({})
  await finder.close()
  t.match(await asked, { ids: ['one'] })
})

test('a file that cannot be read is told of, and is read once it can be', async (t) => {
  const { path, inbox } = await withOne(t)
  await inbox.close()
  renameSync(path, `${path}.away`)
  const finder = new Finder(path)
  t.teardown(async () => { await finder.close() })
  await t.rejects(finder.find({}), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: { message: 'there is no such file' } })
  renameSync(`${path}.away`, path)
  t.match(await finder.find({}), { ids: ['one'] })
})

test('what was settled is found so, and no thread is left when the inbox is closed', async (t) => {
  const { inbox } = await withOne(t)
  const workers = threads(t)
  const [held] = await claim(inbox)
  t.ok(held)
  if (held !== undefined) await inbox.settle(held, [{ seq: Number(held.events[0]?.seq), state: 'done', dueAt: null, completed: [], error: null }])
  t.match(await inbox.find?.({}), { events: [{ id: 'one', state: 'done', isAside: false }], ids: ['one'], scanned: 1 })
  await inbox.close()
  t.same(workers.map(({ threadId }) => threadId), [-1])
  await t.rejects(async () => await inbox.find?.({}), { code: 'FST_ONEROUTE_CLOSING' })
})

test('a search that is under way when the inbox is closed leaves no thread', async (t) => {
  const { inbox } = await withOne(t)
  const workers = threads(t)
  const searches = Promise.allSettled([inbox.find?.({}), inbox.find?.({ text: 'one' })])
  await inbox.close()
  t.match(await searches, [{ reason: { code: 'FST_ONEROUTE_CLOSING' } }, { reason: { code: 'FST_ONEROUTE_CLOSING' } }])
  await until(() => workers.every(({ threadId }) => threadId === -1))
})

test('a search that goes on does not wait for what is written', async (t) => {
  const { path, inbox } = await withOne(t)
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  let ended = false
  const first = (async () => await inbox.find?.({}))().finally(() => { ended = true })
  t.match(await inbox.find?.({ before: 9 }), { ids: ['one'] })
  t.notOk(ended, 'the first part has what was settled before')
  other.close()
  t.match(await first, { ids: ['one'] })
})
