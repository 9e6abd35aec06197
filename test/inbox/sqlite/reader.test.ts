import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import type { Test } from 'tap'
import type { FoundRows } from '../../../lib/inbox/sql/rows.ts'
import type { AddedRow, Work } from '../../../lib/inbox/sqlite/messages.ts'
import { Admission } from '../../../lib/inbox/sqlite/lane-owner.ts'
import { Reader } from '../../../lib/inbox/sqlite/store/reader.ts'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'

const BODY = '{"event":"mine"}'
const nothing: Work = { kind: 'work', now: 1, done: [], failed: [], givenBack: [], settledAt: 0, adds: { rows: [], bodies: new Uint8Array(0) }, calls: [] }

function open (path: string): Store {
  return new Store({ kind: 'open', path, keep: 1_000_000, keepFailed: 1_000_000, maxBacklog: 1_000_000, held: [], again: false })
}

function read (t: Test, path: string): Reader {
  const reader = new Reader(path)
  t.teardown(() => { reader.close() })
  return reader
}

function idsLike (reader: Reader, id: string, limit: number): readonly string[] {
  const found: string[] = []
  for (let before: number | null | undefined; before !== null && found.length < limit;) {
    const { ids, before: next }: FoundRows = reader.find({ id, limit, before, idsOnly: true })
    found.push(...ids)
    before = next
  }
  return found
}

function idOf (number: number): string {
  const id = Buffer.alloc(32)
  id.writeInt32BE(Math.imul(number, 0x9e3779b1))
  id.writeInt32BE(number, 28)
  return id.toString('base64url')
}

function add (store: Store, from: number, count: number): void {
  const rows = Array.from({ length: count }, (_, i): AddedRow => [idOf(from + i), 'mine', 'lane', Admission.live, 1, null, BODY.length])
  const { added } = store.run({ ...nothing, adds: { rows, bodies: Buffer.from(BODY.repeat(count)) } })
  store.run({ ...nothing, done: added })
}

test('what the owner has written is seen at once, and changes nothing', async (t) => {
  const path = temporaryFile(t)
  symlinkSync(path, `${path}.link`)
  const store = open(path)
  add(store, 0, 2)
  const before = [readFileSync(path), readFileSync(`${path}-wal`)]
  const reader = read(t, `${path}.link`)
  t.match(reader.stats(), { pending: 0, done: 2, dead: 0, invalid: 0, oldestPendingAt: null })
  t.match(reader.list({ limit: 1 }), [{ seq: 2, id: idOf(1), state: 'done', body: BODY }])
  t.match(reader.get(idOf(0)), { seq: 1, id: idOf(0) })
  t.equal(reader.get(idOf(9)), undefined)
  t.equal(reader.get(''), undefined)
  t.ok([readFileSync(path), readFileSync(`${path}-wal`)].every((bytes, i) => before[i]?.equals(bytes)))
  add(store, 2, 1)
  t.match(reader.stats(), { done: 3 })
  t.match(reader.list({ state: 'done' }), { length: 3 })
  store.close()
  t.match(reader.get(idOf(2)), { seq: 3 }, 'also when the owner has ended')
})

test('events are found by their first characters, whether the index has them or not', async (t) => {
  const path = temporaryFile(t)
  const store = open(path)
  for (let from = 0; from < 60_000; from += 2_000) add(store, from, 2_000)
  const reader = read(t, path)
  const db = new DatabaseSync(path, { readOnly: true })
  t.ok(Number(db.prepare('SELECT indexed FROM totals').get()?.indexed) >= 30_000, 'some are')
  db.close()
  for (const number of [0, 40_000, 59_999]) {
    t.same(idsLike(reader, idOf(number).slice(0, 6), 9), [idOf(number)])
    t.equal(reader.get(idOf(number))?.seq, number + 1)
  }
  t.same(idsLike(reader, 'AAAAAAB', 9), [])
  t.equal(idsLike(reader, 'AAAAAA', 9).length, 1)
  store.close()
})

test('several events that begin alike are all found, up to the most', async (t) => {
  const path = temporaryFile(t)
  const store = open(path)
  const rows = Array.from({ length: 5 }, (_, i): AddedRow => [`AAAAAAAA${i}`, 'mine', 'lane', Admission.invalid, 1, 'why', BODY.length])
  store.run({ ...nothing, adds: { rows, bodies: Buffer.from(BODY.repeat(5)) } })
  const reader = read(t, path)
  t.equal(idsLike(reader, 'AAAAAAAA', 9).length, 5)
  t.equal(idsLike(reader, 'AAAAAAAA', 3).length, 3)
  t.same(idsLike(reader, 'AAAAAAAA3', 9), ['AAAAAAAA3'])
  store.close()
})

test('a file that nobody has is read, and nothing is left beside it', async (t) => {
  const path = temporaryFile(t)
  const store = open(path)
  add(store, 0, 1)
  store.close()
  const [before, names] = [readFileSync(path), readdirSync(dirname(path))]
  const reader = new Reader(path)
  t.match(reader.list({}), [{ id: idOf(0) }])
  reader.close()
  t.ok(before.equals(readFileSync(path)))
  t.same(readdirSync(dirname(path)), names)
})

test('what is not an inbox is refused, and not made one', async (t) => {
  const path = temporaryFile(t)
  t.throws(() => new Reader(path), /there is no such file/)
  mkdirSync(`${path}.d`)
  t.throws(() => new Reader(`${path}.d`), /it is a directory/)
  writeFileSync(`${path}.empty`, '')
  t.throws(() => new Reader(`${path}.empty`), /it is empty/)
  writeFileSync(`${path}.text`, 'something else, and long enough to be no header of SQLite whatever comes after it'.repeat(100))
  t.throws(() => new Reader(`${path}.text`), /file is not a database/)
  const other = new DatabaseSync(`${path}.other`)
  other.exec('CREATE TABLE others (a)')
  other.close()
  t.throws(() => new Reader(`${path}.other`), /database of another program/)
  t.same(readdirSync(dirname(path)).sort(), ['d', 'empty', 'other', 'text'].map((name) => `inbox.db.${name}`))
})

test('a file of another version is refused, and says what to do', async (t) => {
  const path = temporaryFile(t)
  open(path).close()
  for (const [version, message] of [[99, /version 99, and this package knows 1: a newer version/], [-1, /version -1, .* brings it up to date when it starts/]] as const) {
    const db = new DatabaseSync(path)
    db.exec(`PRAGMA user_version = ${version}`)
    db.close()
    t.throws(() => new Reader(path), message)
  }
})
