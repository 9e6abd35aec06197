import { test } from 'tap'
import type { EventFilter } from '../../../lib/inbox/inbox.ts'
import type { FoundRows } from '../../../lib/inbox/sql/rows.ts'
import { Admission } from '../../../lib/inbox/sqlite/lane-owner.ts'
import { BLOCK } from '../../../lib/inbox/sqlite/store/blocks.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { FILTERS, add, answersTo, at, compare, count, fill, idOf, none, openStore, rowOf } from './helpers/conversations.ts'

test('conversations and times are found in blocks that are indexed and in those that are not, also after a restart', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(path)
  fill(store)
  t.equal(count(path, 'blocks'), 2)
  t.ok(count(path, 'conversations') > BLOCK * 2)
  compare(t, path, FILTERS)
  store.close()
  compare(t, path, FILTERS)
  const again = openStore(path)
  add(again, 60_001, BLOCK)
  for (let i = 0; i < 20; i++) again.run(none)
  t.equal(count(path, 'blocks'), 4, 'what it had not indexed before goes on')
  compare(t, path, FILTERS)
  again.close()
})

test('an answer counts what it has looked at, and ends when it has taken long enough, also if nothing fits', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(path)
  fill(store)
  const everyOne = BLOCK * 3 + 2_000
  const unindexed = everyOne - (BLOCK * 2 - 1)
  const looked = (answers: readonly FoundRows[]) => answers.reduce((sum, { scanned }) => sum + scanned, 0)
  const counts: Array<[EventFilter, number]> = [
    [{}, everyOne],
    [{ name: 'no name' }, everyOne],
    [{ since: new Date(0) }, everyOne],
    [{ since: new Date(0), name: 'rare' }, everyOne],
    [{ until: at(10), name: 'no name' }, unindexed + BLOCK - 1],
    [{ conversation: 'conversation 1', name: 'no name' }, unindexed + 7],
    [{ state: 'dead' }, 0]
  ]
  for (const [filter, expected] of counts) t.equal(looked(answersTo(path, filter)), expected, JSON.stringify(filter))
  t.equal(looked(answersTo(path, { name: 'rare' }, 1)), everyOne, 'however small an answer is')
  let now = 0
  t.intercept(performance, 'now', { value: () => (now += 41) })
  for (const filter of [{ name: 'no name' }, { since: new Date(0), name: 'no name' }]) {
    const answers = answersTo(path, filter)
    t.equal(looked(answers), everyOne)
    t.ok(answers.length > 10 && answers.every(({ scanned }) => scanned < 5_000), `${answers.length} answers`)
  }
  store.close()
})

test('a replayed event is found where it is now, and by the time when it came in', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(path)
  fill(store, BLOCK + 2_000)
  store.ask({ method: 'replay', ids: [idOf(1), idOf(2)], all: false })
  const filters = [{ conversation: 'conversation 1' }, { conversation: 'conversation 2', state: 'pending' }, { until: at(5) }] as const
  compare(t, path, filters)
  add(store, 30_001, BLOCK)
  for (let i = 0; i < 20; i++) store.run(none)
  t.equal(count(path, 'blocks'), 2)
  compare(t, path, filters)
  store.close()
})

test('what a transaction that fails has added is not indexed', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(path)
  fill(store, 2_000)
  const rows = [rowOf(3_001), ['broken', 'newMessage', Symbol('none') as never, Admission.live, 1, null, 2] as const]
  t.throws(() => store.run({ ...none, adds: { rows, bodies: Buffer.from('{}{}') } }))
  add(store, 4_001, BLOCK)
  for (let i = 0; i < 20; i++) store.run(none)
  t.equal(count(path, 'blocks'), 1)
  compare(t, path, [{ conversation: 'conversation 3001' }, { conversation: 'conversation 4001' }, { since: at(4_000), until: at(4_010) }])
  store.close()
})
