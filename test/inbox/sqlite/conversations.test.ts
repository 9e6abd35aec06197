import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import type { Test } from 'tap'
import { matcherOf } from '../../../lib/inbox/fits.ts'
import type { EventFilter, StoredEvent } from '../../../lib/inbox/inbox.ts'
import { storedEvent } from '../../../lib/inbox/sql/rows.ts'
import type { FoundRows } from '../../../lib/inbox/sql/rows.ts'
import { Admission } from '../../../lib/inbox/sqlite/lane-owner.ts'
import type { AddedRow, Work } from '../../../lib/inbox/sqlite/messages.ts'
import { BLOCK } from '../../../lib/inbox/sqlite/store/blocks.ts'
import { Reader } from '../../../lib/inbox/sqlite/store/reader.ts'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'

const MINUTE = 60_000
/** Of most conversations there is an event in each block. */
const CONVERSATIONS = 5_000
const none: Work = { kind: 'work', now: 1, done: [], failed: [], givenBack: [], adds: { rows: [], bodies: new Uint8Array(0) }, calls: [] }

function openStore (path: string, keep = 1e12): Store {
  return new Store({ kind: 'open', path, keep, keepFailed: 1e12, maxBacklog: 1e9, held: [], again: false })
}

/** As ids are: from their number, spread over all there could be. */
function idOf (number: number): string {
  const id = Buffer.alloc(32)
  id.writeInt32BE(Math.imul(number, 0x9e3779b1))
  id.writeInt32BE(number, 28)
  return id.toString('base64url')
}

/** One a minute; each ninth has no conversation. */
function rowOf (number: number): AddedRow {
  const lane = number % 9 === 0 ? idOf(number) : `conversation ${number % CONVERSATIONS}`
  return [idOf(number), number % 1_000 === 0 ? 'rare' : 'newMessage', lane, Admission.live, 1 + number * MINUTE, null, 2]
}

function add (store: Store, from: number, count: number): number[] {
  const rows = Array.from({ length: count }, (_, i) => rowOf(from + i))
  const { added } = store.run({ ...none, adds: { rows, bodies: Buffer.from('{}'.repeat(count)) } })
  store.run({ ...none, now: Date.now(), done: added })
  return added
}

/** As many as make three blocks, and a part of one. */
function fill (store: Store, count = BLOCK * 3 + 2_000): void {
  for (let from = 1; from <= count; from += 2_000) add(store, from, Math.min(2_000, count - from + 1))
}

function answersTo (path: string, filter: EventFilter, limit = 1_000): FoundRows[] {
  const reader = new Reader(path)
  const answers: FoundRows[] = []
  for (let before: number | null | undefined; before !== null;) {
    const answer = reader.find({ ...filter, before, idsOnly: true, limit })
    answers.push(answer)
    before = answer.before
  }
  reader.close()
  return answers
}

function found (path: string, filter: EventFilter): string[] {
  return answersTo(path, filter).flatMap(({ ids }) => ids)
}

/** Every event, looked at one by one. */
function all (path: string): StoredEvent[] {
  const reader = new Reader(path)
  const events: StoredEvent[] = []
  for (let page = reader.list({ limit: 1_000 }); page.length > 0; page = reader.list({ limit: 1_000, before: events.at(-1)?.seq })) events.push(...page.map(storedEvent))
  reader.close()
  return events
}

function count (path: string, sql: string): number {
  const db = new DatabaseSync(path, { readOnly: true })
  const { count } = db.prepare(`SELECT count(*) AS count FROM ${sql}`).get() ?? {}
  db.close()
  return Number(count)
}

function compare (t: Test, path: string, filters: readonly EventFilter[]): void {
  const events = all(path)
  for (const filter of filters) {
    const expected = events.filter(matcherOf(filter)).map(({ id }) => id)
    t.same(found(path, filter), expected, `${JSON.stringify(filter)}: ${expected.length}`)
  }
}

/** How many events of a conversation were forgotten. */
function forgottenOf (store: Store, lane: string): number {
  let sum = 0
  for (let after: number | null = 0; after !== null;) {
    const step: { count: number, after: number | null } = store.ask({ method: 'forget', lane, after })
    sum += step.count
    after = step.after
  }
  return sum
}

const at = (number: number) => new Date(1 + number * MINUTE)

const FILTERS: readonly EventFilter[] = [
  { conversation: 'conversation 1' },
  { conversation: 'conversation 4999', state: 'done' },
  { conversation: 'conversation 77', since: at(20_000), until: at(40_000) },
  { conversation: idOf(9) },
  { conversation: 'no conversation' },
  { since: at(16_000), until: at(17_000) },
  { since: at(50_000) },
  { until: at(10), name: 'newMessage' },
  { name: 'rare' },
  { id: idOf(1).slice(0, 6) },
  { id: idOf(50_000), conversation: 'conversation 0' }
]

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
