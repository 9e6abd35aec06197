import { join } from 'node:path'
import { test } from 'tap'
import { install, pack, root, run } from '../helpers/package.ts'
import { project, runBundle } from './helpers/bundle.ts'

test('it is installed into a project', async (t) => {
  const { tarball } = await pack()
  const { code, output } = await install(t, project, tarball, 'fastify', 'pg', 'prom-client')
  t.equal(code, 0, output)
})

/** What Fastify requires, a module has no function for. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

for (const [what, file, ...options] of [
  ['CommonJS', 'app.cjs', '--format=cjs', '--minify'],
  ['an ES module', 'app.mjs', '--format=esm', `--banner:js=${BANNER}`]
] as const) {
  test(`esbuild makes ${what} of an app`, async (t) => {
    const { code, output } = await run(project, join(root, 'node_modules/.bin/esbuild'), 'app.js',
      '--bundle', '--platform=node', ...options, '--log-level=warning', `--outfile=${what}/${file}`)
    t.equal(code, 0, output)
    t.equal(output, '', 'without a warning')
    await runBundle(t, what, file)
  })
}
