import { test } from 'tap'
import { Admission } from '../../../lib/inbox/sqlite/lane-owner.ts'
import type { AddedRow } from '../../../lib/inbox/sqlite/messages.ts'
import { BLOCK } from '../../../lib/inbox/sqlite/store/blocks.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { FILTERS, add, at, compare, count, fill, forgottenOf, found, idOf, none, openStore } from './helpers/conversations.ts'

test('a conversation of several blocks is forgotten, and nothing of it is left in the index', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(path)
  fill(store)
  const rows = () => count(path, 'conversations')
  const forget = (lane: string) => forgottenOf(store, lane)
  const [before, fitting] = [rows(), found(path, { conversation: 'conversation 1' }).length]
  t.ok(fitting > 5)
  t.equal(forget('conversation 1'), fitting)
  t.ok(rows() < before)
  t.equal(forget('conversation 1'), 0)
  t.equal(forget(idOf(9)), 1, 'an event without one has a lane of its own')
  t.equal(forget('no conversation'), 0)
  compare(t, path, FILTERS)
  store.close()
})

test('a conversation is told from another one of the same hash, one of more events than are removed at once is forgotten, and so is one whose hash would be none', (t) => {
  const path = temporaryFile(t)
  const store = openStore(path)
  const lanes = ['costarring', 'liquid', 'abqiz\u54c6', ...Array<string>(1_100).fill('long')]
  const rows = lanes.map((lane, i): AddedRow => [idOf(1_000_000 + i), 'newMessage', lane, Admission.live, 1, null, 2])
  store.run({ ...none, adds: { rows, bodies: Buffer.from('{}'.repeat(rows.length)) } })
  fill(store, 2 * BLOCK)
  t.equal(count(path, 'conversations WHERE seq <= 3'), 3, 'they are in the index')
  const forget = (lane: string) => forgottenOf(store, lane)
  t.equal(found(path, { conversation: 'abqiz\u54c6' }).length, 1)
  t.equal(forget('costarring'), 1)
  t.equal(found(path, { conversation: 'liquid' }).length, 1)
  t.equal(forget('long'), 1_100)
  compare(t, path, [{ conversation: 'long' }, { conversation: 'costarring' }, { conversation: 'liquid' }])
  store.close()
  t.end()
})

test('what is removed while its block is indexed does not come into the index', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(path)
  fill(store, BLOCK - 1)
  add(store, BLOCK, 1) // which is the first one of the next block
  store.run(none)
  t.equal(count(path, 'blocks'), 0, 'it has only begun')
  const ids = Array.from({ length: BLOCK - 1 }, (_, i) => idOf(i + 1))
  store.ask({ method: 'discard', ids: ids.slice(1) })
  for (let i = 0; i < 20; i++) store.run(none)
  t.equal(count(path, 'blocks'), 1)
  t.equal(count(path, 'conversations'), 1)
  compare(t, path, [{ conversation: 'conversation 1' }, { conversation: 'conversation 2' }])
  store.close()
})

test('what finds events is removed once they are, also of a block that has none any more', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(path)
  fill(store)
  store.close()
  const later = openStore(path, 1)
  for (const step of later.purge()) t.equal(step, undefined)
  t.equal(count(path, 'events'), 0)
  t.equal(count(path, 'conversations'), 0)
  t.equal(count(path, 'blocks'), 0)
  add(later, 60_001, 2_000)
  compare(t, path, [{ conversation: 'conversation 1' }, { since: at(60_000) }])
  later.close()
})
