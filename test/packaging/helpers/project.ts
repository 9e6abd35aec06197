import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap from 'tap'
import { run, temporaryDirectory } from '../../helpers/package.ts'

/** A project outside of this one, for what would be published: of each test file's own. */
export const project = temporaryDirectory(tap)

writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')

/** Runs a file in the project, and returns what it printed. */
export async function print (file: string, code: string): Promise<string> {
  writeFileSync(join(project, file), code)
  return (await run(project, process.execPath, file)).output.trim()
}
