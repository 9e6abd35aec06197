import { linkSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import { folder } from '../helpers/folder.ts'
import { removeInbox, startWithOne } from '../helpers/lost-file.ts'

tap.jobs = 3 // they wait for the thread, which is started again after a second, and share nothing

function makeOther (path: string): void {
  new Store({ kind: 'open', path, keep: 1, keepFailed: 1_000, maxBacklog: 1, held: [], again: false }).close()
}

test('another file in its place is not touched, and the app goes on with its own', async (t) => {
  const { path, post, told, goesOn } = await startWithOne(t)
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
  const { path, told, post } = await startWithOne(t)
  const { ino } = statSync(path)
  removeInbox(path)
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
  const { post, told, goesOn } = await startWithOne(t, join(dir, 'now', 'inbox.db'))
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
