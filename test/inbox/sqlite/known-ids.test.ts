import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import type { AddedRow } from '../../../lib/inbox/sqlite/messages.ts'
import { Added, Admission } from '../../../lib/inbox/sqlite/lane-owner.ts'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { adds, fill, idOf, openStore, work } from './helpers/store.ts'

test('every repeat of a hundred thousand events is known, before and after they were indexed, and after a restart', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  fill(store, 100_000)
  const known = (store: Store) => Array.from({ length: 100 }, (_, part) => store.run(work({ adds: adds(part * 1_000, 1_000) })).added)
    .every((added) => added.every((one) => one === Added.duplicate))
  t.ok(known(store))
  store.end()
  t.ok(known(openStore(t, path)))
})

test('what was removed is not brought into the index of ids, and is taken out of it', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  for (let from = 1; from <= 40_000; from += 4_000) store.run(work({ adds: adds(from, 4_000) }))
  const removed = [1, 20_000, 32_767, 32_769, 39_999, 40_000]
  t.match(store.run(work({ calls: [{ method: 'discard', ids: removed.map(idOf) }] })).results, [{ count: 6, pending: removed.map((seq) => ({ seq, lane: `lane ${seq % 100}` })) }])
  for (let from = 40_001; from <= 120_000; from += 4_000) store.run(work({ adds: adds(from, 4_000) }))
  for (let i = 0; i < 40; i++) store.run(work())
  const db = new DatabaseSync(path, { readOnly: true })
  t.same(db.prepare(`SELECT seq FROM ids WHERE seq IN (${removed.join()})`).all(), [])
  t.ok(Number(db.prepare('SELECT count(*) AS count FROM ids').get()?.count) > 60_000)
  db.close()
  t.same(store.run(work({ adds: adds(20_000, 1) })).added, [120_001])
  t.same(store.run(work({ adds: adds(20_001, 1) })).added, [Added.duplicate])
})

test('the index of ids keeps up with large transactions', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  fill(store, 150_000, 5_000)
  const db = new DatabaseSync(path)
  t.ok(Number(db.prepare('SELECT seq - indexed AS behind FROM totals').get()?.behind) < 80_000)
  db.close()
})

test('events that share the key of their ids are told apart', async (t) => {
  const store = openStore(t, temporaryFile(t))
  const twins = ['AAAAAAAAAAAA', 'AAAAAAAAAAAB', 'AAAAAAAAAAAC']
  const add = (...ids: string[]) => store.run(work({
    adds: { rows: ids.map((id) => [id, 'newMessage', id, Admission.live, 1, null, 1]), bodies: new Uint8Array(ids.length) }
  })).added
  t.same(add(...twins.slice(0, 2)), [1, 2])
  t.same(add(...twins), [Added.duplicate, Added.duplicate, 3])
  const broken: AddedRow = ['AAAAAAAAAAAD', 'newMessage', 'a lane', Admission.live, 0.5, null, 0]
  t.throws(() => store.run(work({ adds: { rows: [broken], bodies: new Uint8Array(0) } })))
  t.same(add(...twins), [Added.duplicate, Added.duplicate, Added.duplicate])
})
