import { join } from 'node:path'
import { test } from 'tap'
import { root, run, unpack } from '../helpers/package.ts'
import { project, runBundle } from './helpers/bundle.ts'

await unpack(project, 'fastify', 'pg', 'prom-client')

test('ncc makes one file of an app', async (t) => {
  const { code, output } = await run(project, join(root, 'node_modules/.bin/ncc'), 'build', 'app.js', '--out', 'ncc')
  t.equal(code, 0, output)
  await runBundle(t, 'ncc', 'index.js')
})
