import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { install, manifestOf, pack, root, temporaryDirectory } from './helpers/package.ts'
import { postgresUrl } from './helpers/postgres.ts'
import { runWholeApp, wholeApp } from './helpers/whole-app.ts'

// With the newest versions, test/packaging/ and all others run.
const project = temporaryDirectory(tap)
const { devDependencies, peerDependencies } = manifestOf(root)
const oldest = Object.entries(peerDependencies).map(([name, range]) => ({ name, version: range.replace('^', '') }))

tap.setTimeout(300_000) // installing takes seconds, and more on a busy machine

test('an app runs with the oldest versions that package.json admits', async (t) => {
  for (const { name, version } of oldest) t.equal(devDependencies[`${name}-oldest`], `npm:${name}@${version}`, 'which are here to be tried')
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  writeFileSync(join(project, 'app.js'), wholeApp)
  const [url, { tarball }] = await Promise.all([postgresUrl(t), pack()])
  const { code, output } = await install(t, project, tarball, ...oldest.map(({ name, version }) => `${name}@${version}`))
  t.equal(code, 0, output)
  for (const { name, version } of oldest) t.equal(manifestOf(join(project, 'node_modules', name)).version, version)
  await runWholeApp(t, url, project, 'app.js')
})
