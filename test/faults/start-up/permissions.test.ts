import { chmodSync, chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { isOpen } from '../../helpers/open-to-all.ts'
import { root } from '../../helpers/package.ts'
import { folder } from '../helpers/folder.ts'
import type { Settings } from '../helpers/messages.ts'
import { starts, unusable, used } from '../helpers/start-up.ts'

/** Nobody in particular: file permissions count for them. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const skip = isRoot && !isOpen(root) && 'nobody but root may enter this checkout'

/** Files that belong to whoever the host is to be, and a host that is not root: permissions do not count for root. */
function asNobody (...files: string[]): Pick<Settings, 'uid'> {
  if (!isRoot) return {}
  for (const file of files) chownSync(file, NOBODY, NOBODY)
  return { uid: NOBODY }
}

test('a folder that must not be written to is named', { skip }, async (t) => {
  const dir = folder(t)
  const user = asNobody(dir)
  chmodSync(dir, 0o555)
  await unusable(t, { path: join(dir, 'inbox.db'), ...user }, /permission denied|read-?only/)
  t.same(readdirSync(dir), [])
})

test('an inbox in a folder that must not be written to any more is refused', { skip }, async (t) => {
  const dir = folder(t)
  const path = join(dir, 'inbox.db')
  await used(t, path)
  const user = asNobody(dir, ...readdirSync(dir).map((name) => join(dir, name)))
  chmodSync(dir, 0o555)
  await unusable(t, { path, ...user }, /./)
  chmodSync(dir, 0o755)
  await starts(t, { path, ...user })
})

test('a file that must not be written to is refused', { skip }, async (t) => {
  const dir = folder(t)
  const path = join(dir, 'inbox.db')
  await used(t, path)
  const user = asNobody(dir, ...readdirSync(dir).map((name) => join(dir, name)))
  chmodSync(path, 0o444)
  await unusable(t, { path, ...user }, /permission denied|read-?only/)
  chmodSync(path, 0o600)
  await starts(t, { path, ...user })
})

test('a file of another user is refused', { skip }, async (t) => {
  const dir = folder(t)
  const path = join(dir, 'inbox.db')
  await used(t, path)
  // Whoever runs this test without being root cannot give a file away, but can take every right from it.
  chmodSync(path, isRoot ? 0o600 : 0o000)
  await unusable(t, { path, ...asNobody(dir) }, /permission denied|read-?only/)
})
