import { join } from 'node:path'
import { test } from 'tap'
import { root, run } from '../helpers/package.ts'
import { configuration, directory, files, scriptsOfSeveralFiles, write } from './helpers/files.ts'

test('the files of an app in several files are right by its own tsconfig.json and its own script', async (t) => {
  for (const { file = '', code } of files) write(file, code)
  write('tsconfig.json', configuration('tsconfig.json'))
  const checked = await run(directory, join(root, 'node_modules/.bin', scriptsOfSeveralFiles().check))
  t.equal(checked.code, 0, checked.output)
})
