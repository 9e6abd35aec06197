import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import type { Test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { openToOthers } from '../../../lib/inbox/sqlite/store/files.ts'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import { createApp } from '../../helpers/app.ts'
import { ENV, FLAGS } from '../../helpers/environment.ts'
import { openInbox, temporaryFile } from '../../helpers/sqlite.ts'
import { newEvent } from '../conformance.ts'

function open (path: string, again = false): Store {
  return new Store({ kind: 'open', path, keep: 1, keepFailed: 1, maxBacklog: 1, held: [], again })
}

function edit (path: string, sql: string): void {
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
}

/** Refuses a file, and has given up its lock on it. */
function refuses (t: Test, path: string, message: RegExp, again = false): void {
  for (const time of ['once', 'twice']) t.throws(() => open(path, again), { message }, time)
}

test('a file in a folder that is not there is refused, and why', async (t) => {
  refuses(t, join(dirname(temporaryFile(t)), 'nowhere', 'inbox.db'), /^its folder does not exist: make it first$/)
})

test('a file that is not an inbox is refused, and why', async (t) => {
  const path = temporaryFile(t)
  writeFileSync(path, 'something else, and long enough to be no header of SQLite whatever comes after it'.repeat(100))
  refuses(t, path, /file is not a database/)
  mkdirSync(`${path}.d`)
  refuses(t, `${path}.d`, /it is a directory/)
  refuses(t, join(path, 'below'), /not a directory/)
  edit(`${path}.other`, 'CREATE TABLE others (a)')
  refuses(t, `${path}.other`, /database of another program/)
  mkdirSync(`${path}.locked-lock`)
  refuses(t, `${path}.locked`, /it is a directory/)
  writeFileSync(`${path}.broken-lock`, 'no lock, and longer than the header of a database is, which has a hundred bytes'.repeat(100))
  refuses(t, `${path}.broken`, /file is not a database/)
})

test('a file of a newer version is refused, and one that has become empty when the store starts again', async (t) => {
  const path = temporaryFile(t)
  open(path).close()
  open(path, true).close()
  edit(path, 'PRAGMA user_version = 99')
  refuses(t, path, /its schema is version 99, and this package knows 1: a newer version/)
  writeFileSync(`${path}.empty`, '')
  refuses(t, `${path}.empty`, /it is empty all of a sudden/, true)
  open(`${path}.empty`).close()
  refuses(t, `${path}.gone`, /no such file or directory/, true)
})

test('a file has one owner, by whatever name', async (t) => {
  const path = temporaryFile(t)
  symlinkSync(path, `${path}.link`)
  const store = open(`${path}.link`)
  t.throws(() => open(path), { message: 'it is locked' })
  t.throws(() => open(`${path}.link`), { message: 'it is locked' })
  store.close()
  open(path).close()
})

test('what is in the file is for its owner only', async (t) => {
  const path = temporaryFile(t)
  const store = open(path)
  for (const file of ['', '-wal', '-shm', '-lock']) t.equal(statSync(path + file).mode & 0o777, 0o600, file)
  store.close()
})

test('files that others may open are warned of at start, and keep their mode', async (t) => {
  const path = temporaryFile(t)
  open(path).close()
  const warnings = async (...modes: number[]) => {
    modes.forEach((mode) => { chmodSync(path, mode) })
    const { app, lines } = await createApp(t, { secret: 'a key', inbox: sqliteInbox({ path }) })
    await app.ready()
    const files = ['', '-wal', '-shm'].map((suffix) => realpathSync(path) + suffix)
    t.same(files.map((file) => statSync(file).mode & 0o777), files.map(() => statSync(path).mode & 0o777), 'SQLite gives all of them the same')
    await app.close()
    return { warned: lines.filter(({ level }) => level >= 40), files }
  }
  t.same((await warnings()).warned, [])
  for (const mode of [0o644, 0o640, 0o604]) {
    const { warned, files } = await warnings(mode)
    t.match(warned, [{ level: 40, msg: `others may open files that hold customers' messages: chmod 600 ${files.join(' ')}` }])
    t.equal(warned.length, 1)
    t.equal(statSync(path).mode & 0o777, mode)
  }
  t.same((await warnings(0o600)).warned, [])
})

test('which files others may open is not known on Windows', async (t) => {
  const path = temporaryFile(t)
  open(path).close()
  t.same(openToOthers(path), [])
  chmodSync(path, 0o640)
  t.same(openToOthers(path), [realpathSync(path)], 'those that are not there are not named')
  t.same(openToOthers(path, 'win32'), [])
})

test('options of sqliteInbox that are wrong are refused when it is made', async (t) => {
  const wrong: Array<[options: unknown, message: RegExp]> = [
    [undefined, /must be an object, got undefined/],
    [{}, /`path` of sqliteInbox's options must be the path of a file, got undefined/],
    [{ path: undefined }, /`path`/],
    [{ path: ' ' }, /`path` .* got a blank string|`path` .* got ' ' \(string\)/],
    [{ path: ':memory:' }, /`path` .* ':memory:'/],
    [{ path: 'file:a.db' }, /`path` .* 'file:a.db'/],
    [{ path: 'a\0b' }, /`path`/],
    [{ path: 'postgres://app:S3CRET@db/x' }, /`path` .* must be the path of a file, got 'postgres:\/\/\*\*\*@db\/x' \(string\)$/],
    [{ path: 'host=db password=S3CRET' }, /`path` .*, got 'host=db password=\*\*\*' \(string\)$/],
    [{ path: 'a.db', keep: -1 }, /`keep` .* 0 or more, got -1/],
    [{ path: 'a.db', keep: '3d' }, /`keep`/],
    [{ path: 'a.db', keepFailed: -1 }, /`keepFailed` .* 0 or more, got -1/],
    [{ path: 'a.db', kept: 1 }, /`kept` is not one of sqliteInbox's options: they are path, keep, keepFailed/]
  ]
  for (const [options, message] of wrong) {
    t.throws(() => sqliteInbox(options as never), { code: 'FST_ONEROUTE_INVALID_OPTION', message })
  }
  t.equal(sqliteInbox({ path: 'a.db', keep: 2 ** 40 }).durable, true, 'which opens nothing yet')
})

test('the write-ahead log is short again after somebody has read for long', async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  const log = () => statSync(`${path}-wal`).size
  const add = async () => { await inbox.add(newEvent('a', { body: Buffer.from(JSON.stringify({ event: 'newMessage', pad: 'x'.repeat(1_000_000) })) })) }
  await add()
  const reader = new DatabaseSync(path, { readOnly: true })
  t.teardown(() => { reader.close() })
  reader.exec('BEGIN; SELECT count(*) FROM events')
  for (let i = 0; i < 40; i++) await add()
  t.ok(log() > 40_000_000, 'nothing that it may still read is written over')
  reader.exec('COMMIT')
  for (let i = 0; i < 3; i++) await inbox.add(newEvent('a'))
  t.ok(log() <= 16_777_216, `${log()} bytes`)
})

test('a relative path is that of the folder in which the inbox was made, wherever the app goes', (t) => {
  const path = temporaryFile(t)
  mkdirSync(`${path}.d`)
  const program = fileURLToPath(new URL('../../helpers/elsewhere.ts', import.meta.url))
  execFileSync(process.execPath, [...FLAGS, program, `${path}.d`], { cwd: dirname(path), env: ENV, stdio: 'pipe' })
  t.ok(existsSync(path))
  t.notOk(existsSync(join(`${path}.d`, 'inbox.db')))
  t.end()
})
