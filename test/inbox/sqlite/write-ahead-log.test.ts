import fs, { fstatSync, statSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'tap'
import type { Test } from 'tap'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { adds, openStore, work } from './helpers/store.ts'

/** What is synced by Node, and not by SQLite, from now on. */
function syncedFiles (t: Test) {
  const synced: Array<{ file: bigint, size: bigint }> = []
  const { fsyncSync } = fs
  const replaceWith = (sync: typeof fsyncSync) => {
    fs.fsyncSync = sync
    syncBuiltinESMExports()
  }
  replaceWith((descriptor) => {
    const { ino: file, size } = fstatSync(descriptor, { bigint: true })
    synced.push({ file, size })
    fsyncSync(descriptor)
  })
  t.teardown(() => { replaceWith(fsyncSync) })
  return synced
}

test('the log is synced once it is empty: after a power loss it would have what was forgotten', async (t) => {
  const path = temporaryFile(t)
  const store = openStore(t, path)
  store.run(work({ adds: adds(1, 3), calls: [{ method: 'forget', lane: 'lane 1', after: 0 }] }))
  const synced = syncedFiles(t)
  t.ok(store.tidy(true))
  t.same(synced, [{ file: statSync(`${path}-wal`, { bigint: true }).ino, size: 0n }])
})
