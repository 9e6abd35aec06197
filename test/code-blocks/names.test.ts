import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { files } from './helpers/files.ts'

/** The files of which a test beside this one says that they run. */
function tested (): string[] {
  const sources = globSync('*.test.ts', { cwd: import.meta.dirname }).map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  return sources.flatMap((source) => Array.from(source.matchAll(/^test\('(\S+) runs'/gm), ([, file = '']) => file))
}

test('every block of code has a name, and a scenario here', async (t) => {
  t.same(files.map(({ file }) => file).sort(), tested().sort())
})
