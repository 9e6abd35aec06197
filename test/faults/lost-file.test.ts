import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import type { Test } from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { Store } from '../../lib/inbox/sqlite/store/store.ts'
import { createApp } from '../helpers/app.ts'
import { listen } from '../helpers/http.ts'
import { Client, job } from './helpers/client.ts'
import { folder } from './helpers/folder.ts'
import { until } from './helpers/until.ts'

const FILES = ['', '-wal', '-shm']

/** An app that has taken one event in, and what is heard. */
async function start (t: Test, path = join(folder(t), 'inbox.db')) {
  const { app, lines } = await createApp(t, { inbox: sqliteInbox({ path }) })
  const heard = new Set<number>()
  app.webhooks.on('event', (event) => { heard.add((event as unknown as ReturnType<typeof job>).n) }) // nothing else is posted here
  const client = new Client(t, await listen(app))
  const post = async (n: number) => (await client.post(job('a', n))).statusCode
  t.equal(await post(0), 200)
  /** Waits for a line of the log at `error` that says this, and why. */
  const told = async (what: string, why: RegExp) => {
    await until(() => lines.some(({ level, msg, err }) => level === 50 && msg.includes(what) && why.test(JSON.stringify(err))))
  }
  /** Posts it until it is accepted, and waits until all up to it are delivered. */
  const goesOn = async (n: number) => {
    await until(async () => await post(n) === 200)
    await until(() => heard.size === n + 1)
    t.match(await app.webhooks.inbox.stats(), { pending: 0 })
  }
  return { app, path, post, told, goesOn, heard }
}

function makeOther (path: string): void {
  new Store({ kind: 'open', path, keep: 1, keepFailed: 1_000, maxBacklog: 1, held: [], again: false }).close()
}

test('nothing is answered 200 into a file that was removed, and the log says it at once', async (t) => {
  const { app, path, post, told } = await start(t)
  for (const suffix of FILES) rmSync(path + suffix)
  t.equal(await post(1), 503)
  await told('has ended', /inbox\.db is gone/)
  await told('could not be started', /no such file/)
  t.equal(await post(1), 503)
  await app.close()
})

test('a file that is moved is missed within a second although nothing comes in, and is used again when it is back', async (t) => {
  const { path, post, told, goesOn } = await start(t)
  const moved = Date.now()
  renameSync(path, `${path}.moved`)
  await told('has ended', /inbox\.db is gone/)
  t.ok(Date.now() - moved < 5_000, 'a second, and what a busy machine adds')
  t.equal(await post(1), 503)
  await told('could not be started', /no such file/)
  renameSync(`${path}.moved`, path)
  await goesOn(1)
})

test('what came in between a move and its being noticed is refused, and not lost or delivered for that', async (t) => {
  const dir = folder(t)
  const [here, moved] = [join(dir, 'here'), join(dir, 'moved')]
  mkdirSync(here)
  const { post, goesOn, told, heard } = await start(t, join(here, 'inbox.db'))
  renameSync(here, moved)
  t.equal(await post(1), 503)
  await told('has ended', /inbox\.db is gone/)
  t.same([...heard], [0])
  renameSync(moved, here)
  await goesOn(1)
})

test('another file in its place is not touched, and the app goes on with its own', async (t) => {
  const { path, post, told, goesOn } = await start(t)
  makeOther(`${path}.other`)
  const before = readFileSync(`${path}.other`)
  linkSync(path, `${path}.own`)
  renameSync(`${path}.other`, path)
  t.equal(await post(1), 503)
  await told('has ended', /inbox\.db is another file than the one that was opened/)
  await told('could not be started', /is another file than the one that was opened\. Put that one back; or end the app, delete/)
  t.equal(await post(1), 503)
  t.ok(readFileSync(path).equals(before))
  renameSync(`${path}.own`, path)
  await goesOn(1)
})

test('a file that is made when its own is gone is another one, for it does not get the same number', async (t) => {
  const { path, told, post } = await start(t)
  const { ino } = statSync(path)
  for (const suffix of FILES) rmSync(path + suffix)
  await told('has ended', /is gone/)
  // File systems like to give a number again that has become free.
  const others = Array.from({ length: 200 }, (_, i) => `${path}.${i}`)
  for (const other of others) writeFileSync(other, '')
  t.notOk(others.some((other) => statSync(other).ino === ino))
  makeOther(path)
  await told('could not be started', /another file than the one that was opened/)
  t.equal(await post(1), 503)
})

test('a link that leads elsewhere is noticed, too', async (t) => {
  const dir = folder(t)
  for (const name of ['one', 'two']) mkdirSync(join(dir, name))
  makeOther(join(dir, 'two', 'inbox.db'))
  symlinkSync('one', join(dir, 'now'))
  const { post, told, goesOn } = await start(t, join(dir, 'now', 'inbox.db'))
  const lead = (to: string) => {
    symlinkSync(to, join(dir, 'new'))
    renameSync(join(dir, 'new'), join(dir, 'now'))
  }
  lead('two')
  t.equal(await post(1), 503)
  await told('could not be started', /another file than the one that was opened/)
  lead('one')
  await goesOn(1)
})

test('without its log nothing is answered 200 either, and the store starts again with all that was in it', async (t) => {
  const { app, path, post, told, goesOn } = await start(t)
  rmSync(`${path}-wal`)
  t.equal(await post(1), 503)
  await told('has ended', /inbox\.db-wal is gone/)
  await goesOn(1)
  t.match(await app.webhooks.inbox.stats(), { pending: 0, done: 2 })
})
