import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import tap from 'tap'
import { manifestOf, root, runWith } from '../../helpers/package.ts'
import type { Ended } from '../../helpers/package.ts'
import { blocks, section } from '../../helpers/pages.ts'

const { bin } = manifestOf(root)

/** The blocks of the pages that are code. */
export const files = blocks().filter(({ language }) => language === 'js' || language === 'ts')

/** Has them as files, of each test file's own. Below the project, so that its name leads to dist, as an installed one's would. */
export const directory = tap.testdir()

export function write (file: string, code: string): void {
  mkdirSync(dirname(join(directory, file)), { recursive: true })
  writeFileSync(join(directory, file), code)
}

for (const { file = '', code } of files) write(file, code)

/** A block that is no code. */
export function configuration (name: string): string {
  const { code } = blocks().find(({ file }) => file === name) ?? {}
  if (code === undefined) throw new Error(`no block has the name ${name}`)
  return code
}

/** Runs the command of the package, where the files are. */
export async function runCli (...args: string[]): Promise<Ended> {
  return await runCliWith({}, ...args)
}

/** The same, with more in its environment. */
export async function runCliWith (env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  return await runWith(env, directory, process.execPath, join(root, bin['fastify-oneroute-webhooks'] ?? ''), ...args)
}

/** The scripts of an app in several files. */
export function scriptsOfSeveralFiles (): Record<'start' | 'dev' | 'test' | 'check', string> {
  const json = blocks(section('How do I structure an app in several files?')).find(({ language }) => language === 'json')?.code ?? ''
  const { scripts } = JSON.parse(json) as { scripts: ReturnType<typeof scriptsOfSeveralFiles> } // as npm reads it
  return scripts
}
