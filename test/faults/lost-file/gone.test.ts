import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { folder } from '../helpers/folder.ts'
import { removeInbox, startWithOne } from '../helpers/lost-file.ts'

tap.jobs = 4 // they wait for the thread, which is started again after a second, and share nothing

test('nothing is answered 200 into a file that was removed, and the log says it at once', async (t) => {
  const { app, path, post, told } = await startWithOne(t)
  removeInbox(path)
  t.equal(await post(1), 503)
  await told('has ended', /inbox\.db is gone/)
  await told('could not be started', /no such file/)
  t.equal(await post(1), 503)
  await app.close()
})

test('a file that is moved is missed within a second although nothing comes in, and is used again when it is back', async (t) => {
  const { path, post, told, goesOn } = await startWithOne(t)
  renameSync(path, `${path}.moved`)
  await told('has ended', /inbox\.db is gone/)
  t.equal(await post(1), 503)
  await told('could not be started', /no such file/)
  renameSync(`${path}.moved`, path)
  await goesOn(1)
})

test('what came in between a move and its being noticed is refused, and not lost or delivered for that', async (t) => {
  const dir = folder(t)
  const [here, moved] = [join(dir, 'here'), join(dir, 'moved')]
  mkdirSync(here)
  const { post, goesOn, told, heard } = await startWithOne(t, join(here, 'inbox.db'))
  renameSync(here, moved)
  t.equal(await post(1), 503)
  await told('has ended', /inbox\.db is gone/)
  t.same([...heard], [0])
  renameSync(moved, here)
  await goesOn(1)
})

test('without its log nothing is answered 200 either, and the store starts again with all that was in it', async (t) => {
  const { app, path, post, told, goesOn } = await startWithOne(t)
  rmSync(`${path}-wal`)
  t.equal(await post(1), 503)
  await told('has ended', /inbox\.db-wal is gone/)
  await goesOn(1)
  t.match(await app.webhooks.inbox.stats(), { pending: 0, done: 2 })
})
