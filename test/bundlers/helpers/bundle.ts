import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap from 'tap'
import type { Test } from 'tap'
import { run, temporaryDirectory } from '../../helpers/package.ts'
import { postgresUrl } from '../../helpers/postgres.ts'
import { runWholeApp, wholeApp } from '../../helpers/whole-app.ts'

tap.setTimeout(300_000) // installing and bundling take seconds, and more on a busy machine

/** A project outside of this one, with an app to bundle: of each test file's own. */
export const project = temporaryDirectory(tap)

writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')
writeFileSync(join(project, 'app.js'), wholeApp)

const url = postgresUrl(tap) // starts while the app is bundled

/** Runs a bundle where nothing else is: no node_modules, and no file of the package. */
export async function runBundle (t: Test, folder: string, file: string): Promise<void> {
  const elsewhere = temporaryDirectory(t)
  cpSync(join(project, folder), elsewhere, { recursive: true })
  await runWholeApp(t, await url, elsewhere, file)
  const { output } = await run(elsewhere, process.execPath, '--import', `data:text/javascript,${OLD_NODE}`, file)
  t.match(output, 'needs Node.js 22.13 or later, and this is 20.0.0', 'what is imported for what it does is in it, too')
}

const OLD_NODE = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})"
