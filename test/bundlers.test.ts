import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import webpack from 'webpack'
import type { Configuration, Stats } from 'webpack'
import { install, pack, root, run, temporaryDirectory } from './helpers/package.ts'
import { postgresUrl } from './helpers/postgres.ts'
import { runWholeApp, wholeApp } from './helpers/whole-app.ts'

const project = temporaryDirectory(tap)
const url = await postgresUrl(tap)

tap.setTimeout(300_000) // installing and bundling take seconds, and more on a busy machine

test('it is installed into a project', async (t) => {
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  writeFileSync(join(project, 'app.js'), wholeApp)
  const { tarball } = await pack(project)
  const { code, output } = await install(t, project, tarball, 'fastify', 'pg', 'prom-client')
  t.equal(code, 0, output)
})

/** Runs a bundle where nothing else is: no node_modules, and no file of the package. */
async function runBundle (t: Test, folder: string, file: string): Promise<void> {
  const elsewhere = temporaryDirectory(t)
  cpSync(join(project, folder), elsewhere, { recursive: true })
  await runWholeApp(t, url, elsewhere, file)
  const { output } = await run(elsewhere, process.execPath, '--import', `data:text/javascript,${OLD_NODE}`, file)
  t.match(output, 'needs Node.js 22.13 or later, and this is 20.0.0', 'what is imported for what it does is in it, too')
}

const OLD_NODE = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})"

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

test('ncc makes one file of an app', async (t) => {
  const { code, output } = await run(project, join(root, 'node_modules/.bin/ncc'), 'build', 'app.js', '--out', 'ncc')
  t.equal(code, 0, output)
  await runBundle(t, 'ncc', 'index.js')
})

async function runWebpack (configuration: Configuration): Promise<Stats | undefined> {
  return await new Promise((resolve, reject) => {
    webpack(configuration, (error, stats) => {
      if (error === null) resolve(stats)
      else reject(error)
    })
  })
}

test('webpack makes one file of an app', async (t) => {
  const stats = await runWebpack({
    context: project,
    entry: './app.js',
    target: 'node',
    mode: 'production',
    optimization: { minimize: false }, // which is most of the time it takes
    output: { path: join(project, 'webpack'), filename: 'app.cjs' }
  })
  t.equal(stats?.hasErrors(), false, stats?.toString('errors-only') ?? '')
  await runBundle(t, 'webpack', 'app.cjs')
})
