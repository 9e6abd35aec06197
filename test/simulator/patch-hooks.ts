import { readFileSync } from 'node:fs'
import type { LoadFnOutput, LoadHookContext } from 'node:module'
import { fileURLToPath } from 'node:url'
import { javaScriptOf } from '../javascript.ts'
import type { Patch } from './variants/variants.ts'

let patch: Patch

export function initialize (data: Patch): void {
  patch = data
}

/** Changes one file as it is loaded, or before JavaScript is made of it. */
export async function load (url: string, context: LoadHookContext, nextLoad: (url: string, context: LoadHookContext) => Promise<LoadFnOutput>): Promise<LoadFnOutput> {
  const loaded = await nextLoad(url, context)
  const file = url.replace(/\.js$/, '.ts')
  if (!file.endsWith(`/${patch.file}`)) return loaded
  const [before, after, ...more] = readFileSync(fileURLToPath(file), 'utf8').split(patch.from)
  if (before === undefined || after === undefined || more.length > 0) throw new Error(`The change no longer fits ${patch.file}: this has to be in it once: ${patch.from}`)
  const source = before + patch.to + after
  return { ...loaded, source: url === file ? source : javaScriptOf(source) }
}
