import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { folder } from '../helpers/folder.ts'
import { unusable } from '../helpers/start-up.ts'

test('a folder that does not exist is named', async (t) => {
  await unusable(t, { path: join(folder(t), 'nowhere', 'inbox.db') }, /its folder does not exist: make it first/)
})

test('a folder is no file', async (t) => {
  const path = folder(t)
  await unusable(t, { path: join(path, '.') }, /directory|no file|not a file/)
  mkdirSync(join(path, 'inbox.db'))
  await unusable(t, { path: join(path, 'inbox.db') }, /directory|no file|not a file/)
})
