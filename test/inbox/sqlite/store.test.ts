import { DatabaseSync } from 'node:sqlite'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { AddedRow, Work } from '../../../lib/inbox/sqlite/messages.ts'
import { Added, Admission } from '../../../lib/inbox/sqlite/lane-owner.ts'
import { migrate, versionOf } from '../../../lib/inbox/sqlite/store/schema.ts'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'

tap.setTimeout(120_000)

const DAY = 86_400_000

/** Closed when the test ends, if it is not by then. */
function openStore (t: Test, path: string, keep = DAY, held: string[] = []) {
  const store = new Store({ kind: 'open', path, keep, keepFailed: 1_000_000_000, maxBacklog: 1_000_000, held, again: false })
  let open = true
  const close = () => {
    if (open) store.close()
    open = false
  }
  t.teardown(close)
  return Object.assign(store, { end: close })
}

const none = { done: [], failed: [], givenBack: [], calls: [] }

function work (more: Partial<Work> = {}): Work {
  return { kind: 'work', now: Date.now(), ...none, adds: { rows: [], bodies: new Uint8Array(0) }, ...more }
}

/** So many events, each with one byte for a body. Ids as a hash would make them, so that they are spread over the index. */
function adds (from: number, count: number): Work['adds'] {
  const rows = Array.from({ length: count }, (_, i): AddedRow => [idOf(from + i), 'newMessage', `lane ${(from + i) % 100}`, Admission.live, Date.now(), null, 1])
  return { rows, bodies: new Uint8Array(count) }
}

function idOf (number: number): string {
  const id = Buffer.alloc(32)
  id.writeInt32BE(Math.imul(number, 0x9e3779b1))
  id.writeInt32BE(number, 28)
  return id.toString('base64url')
}

/** Adds events and settles them, so many in a transaction. */
function fill (store: Store, count: number, size = 1_000): void {
  for (let from = 0; from < count; from += size) {
    const { added } = store.run(work({ adds: adds(from, size) }))
    store.run(work({ done: added }))
  }
}

function stats (store: Store) {
  return store.run(work({ calls: [{ method: 'stats' }] })).results[0]
}

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

test('done events are removed once `keep` is over, and so is what finds them; others stay', async (t) => {
  const store = openStore(t, temporaryFile(t), 0)
  fill(store, 80_000)
  const [waiting, dead] = store.run(work({ adds: adds(80_000, 2) })).added
  store.run(work({ failed: [{ seq: dead ?? 0, state: 'dead', attempts: 1, due: null, completed: '[]', error: 'broken', delivery: '' }] }))
  await new Promise((resolve) => { setTimeout(resolve, 2) })
  t.ok([...store.purge()].length > 160, 'in small steps')
  t.match(stats(store), { pending: 1, done: 0, dead: 1 })
  t.ok(store.run(work({ adds: adds(0, 1_000) })).added.every((one) => one > (waiting ?? 0)), 'what is gone is new again')
  const [known, fresh = 0] = store.run(work({ adds: adds(80_000, 2) })).added
  t.equal(known, Added.duplicate)
  t.ok(fresh > 81_000, 'what is dead is new, too')
})

test('dead and invalid events are removed once `keepFailed` is over since then, and are looked at no sooner', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  const old = Date.now() - 1_000_000_000
  const end = (seq: number, state: 'dead' | 'invalid' | 'done') => ({ seq, state, attempts: 3, due: null, completed: null, error: 'broken', delivery: '' })
  store.run(work({ adds: adds(1, 1_200) }))
  store.run(work({ now: old - 1, failed: Array.from({ length: 1_100 }, (_, i) => end(i + 1, i % 2 === 0 ? 'dead' : 'invalid')) }))
  store.run(work({ now: old + 60_000, failed: [end(1_101, 'dead'), end(1_102, 'invalid')] }))
  const counts = () => store.run(work({ calls: [{ method: 'stats' }] })).results[0]
  t.match(counts(), { pending: 98, dead: 551, invalid: 551 })
  t.ok([...store.purge()].length > 2, 'in small steps')
  t.match(counts(), { pending: 98, dead: 1, invalid: 1 })
  t.match(store.run(work({ calls: [{ method: 'get', id: idOf(1) }, { method: 'get', id: idOf(1_101) }] })).results, [undefined, { seq: 1_101, state: 'dead' }])
  t.same(store.run(work({ adds: adds(1, 1) })).added, [1_201], 'and is new when it comes again')
  const steps = [...store.purge()].length
  t.ok(steps < 3, 'none of those that are left can be old enough yet')
  const db = new DatabaseSync(path, { readOnly: true })
  t.same({ ...db.prepare('SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM bodies) AS bodies').get() }, { events: 101, bodies: 101 })
  db.close()
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

test('what came in later than an event that is kept is looked at another time', async (t) => {
  const store = openStore(t, temporaryFile(t), DAY)
  fill(store, 2_000)
  t.equal([...store.purge()].length, 1)
  t.match(stats(store), { done: 2_000 })
})

test('a transaction that fails leaves nothing behind, not even in memory', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  fill(store, 1_000)
  const events = adds(1_000, 10)
  const broken: AddedRow = ['one too many', 'newMessage', 'a lane', Admission.live, 0.5, null, 0]
  t.throws(() => store.run(work({ adds: { ...events, rows: [...events.rows, broken] } })), { code: 'ERR_SQLITE_ERROR' }, 'half of a millisecond')
  t.match(stats(store), { pending: 0, done: 1_000 })
  t.same(store.run(work({ adds: events })).added, Array.from({ length: 10 }, (_, i) => 1_001 + i))
})

test('a transaction that SQLite has ended by itself, as it does when the disk is full, is over as well', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  const db = new DatabaseSync(path)
  db.exec("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END")
  t.throws(() => store.run(work({ adds: adds(0, 10) })), { message: 'the disk is full' })
  db.exec('DROP TRIGGER full')
  db.close()
  t.equal(store.run(work({ adds: adds(0, 10) })).added.length, 10)
  t.match(stats(store), { pending: 10 })
})

test('what is settled already stays as it is', async (t) => {
  const store = openStore(t, temporaryFile(t))
  const [seq = 0] = store.run(work({ adds: adds(0, 1) })).added
  const dead = { seq, state: 'dead', attempts: 1, due: null, completed: '[]', error: 'broken', delivery: '' } as const
  store.run(work({ failed: [dead, dead] }))
  store.run(work({ done: [seq] }))
  t.match(stats(store), { pending: 0, done: 0, dead: 1 })
})

test('the index of ids keeps up with large transactions', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  fill(store, 150_000, 5_000)
  const db = new DatabaseSync(path)
  t.ok(Number(db.prepare('SELECT seq - indexed AS behind FROM totals').get()?.behind) < 80_000)
  db.close()
})

test('neither retries nor lanes that are ready wait for the others to come to an end', async (t) => {
  const store = openStore(t, temporaryFile(t))
  const rows = Array.from({ length: 20 }, (_, i): AddedRow => [idOf(i), 'newMessage', `${i % 2 === 0 ? 'ready' : 'retry'} ${i}`, Admission.stored, 1, null, 1])
  const retries = rows.filter(([, , lane]) => lane.startsWith('retry')).map(([, , lane]) => ({ lane, due: 1, seqs: [] }))
  store.run(work({ adds: { rows, bodies: new Uint8Array(20) } }))
  store.run(work({ givenBack: retries }))
  const claim = (lanes: number) => (store.run(work({ calls: [{ method: 'claim', lanes }] })).results[0] as Array<{ lane: string }>).map(({ lane }) => lane.slice(0, 5))
  t.same([...claim(1), ...claim(1), ...claim(1), ...claim(1)].sort(), ['ready', 'ready', 'retry', 'retry'])
  t.same(claim(6).sort(), ['ready', 'ready', 'ready', 'retry', 'retry', 'retry'])
  t.equal(claim(20).length, 10, 'all that are left')
})

test('a lane that was settled when the thread ended is not given out any more', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  const { added } = store.run(work({ adds: adds(0, 1) }))
  store.end()
  const again = openStore(t, path)
  t.same(again.run(work({ done: added, calls: [{ method: 'claim', lanes: 1 }] })), { kind: 'done', added: [], results: [[]], nextDue: null })
})

test('what a wrong clock has dated ahead keeps nothing old from being removed', async (t) => {
  const store = openStore(t, temporaryFile(t), 0)
  const ahead = Array.from({ length: 600 }, (_, i): AddedRow => [idOf(i), 'newMessage', 'a', Admission.invalid, Date.now() + DAY, 'wrong', 1])
  store.run(work({ adds: { rows: ahead, bodies: new Uint8Array(600) } }))
  const { added } = store.run(work({ adds: adds(1_000, 10) }))
  store.run(work({ done: added, now: 1 }))
  t.match(stats(store), { done: 10 })
  await new Promise((resolve) => { setTimeout(resolve, 2) })
  t.ok([...store.purge()].length > 0)
  t.match(stats(store), { done: 0, invalid: 600 })
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

test('a lane that is held after the store has started again is not given out before it is given back', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  store.run(work({ adds: adds(0, 200) }))
  store.end()
  const again = openStore(t, path, DAY, ['lane 7', 'lane 8'])
  const claim = (work: Work) => again.run(work).results[0] as Array<{ lane: string }> // what this call gives
  const call = { method: 'claim' as const, lanes: 1_000 }
  t.equal(claim(work({ calls: [call] })).length, 98)
  t.match(claim(work({ givenBack: [{ lane: 'lane 7', due: 'ready', seqs: [] }], calls: [call] })), [{ lane: 'lane 7', events: [{ seq: 8 }, { seq: 108 }] }])
})

test('of a lane with large bodies fewer events are claimed at once', async (t) => {
  const store = openStore(t, temporaryFile(t))
  const rows = Array.from({ length: 20 }, (_, i): AddedRow => [idOf(i), 'newMessage', 'a', Admission.stored, 1, null, 100_000])
  store.run(work({ adds: { rows, bodies: new Uint8Array(2_000_000).fill(32) } }))
  const [claimed] = store.run(work({ calls: [{ method: 'claim', lanes: 1 }] })).results
  t.match(claimed, [{ lane: 'a', events: { length: 3 } }])
})

test('a schema is brought up to date step by step, in one transaction', async (t) => {
  const db = new DatabaseSync(temporaryFile(t))
  t.teardown(() => { db.close() })
  const first = 'CREATE TABLE a (b INTEGER) STRICT; INSERT INTO a VALUES (1)'
  const second = 'ALTER TABLE a ADD COLUMN c INTEGER; UPDATE a SET c = b + 1'
  migrate(db, versionOf(db), [first])
  migrate(db, versionOf(db), [first])
  t.throws(() => { migrate(db, versionOf(db), [first, second, 'no SQL']) }, /syntax error/)
  db.exec('ROLLBACK')
  migrate(db, versionOf(db), [first, second])
  t.same({ ...db.prepare('SELECT * FROM a').get() }, { b: 1, c: 2 })
  t.throws(() => { migrate(db, versionOf(db), [first]) }, /its schema is version 2, and this package knows 1/)
})
