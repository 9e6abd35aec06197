import type { LoadFnOutput, LoadHookContext } from 'node:module'
import type { Patch } from './variants/variants.ts'

let patch: Patch

export function initialize (data: Patch): void {
  patch = data
}

/** Changes one file as it is loaded. */
export async function load (url: string, context: LoadHookContext, nextLoad: (url: string, context: LoadHookContext) => Promise<LoadFnOutput>): Promise<LoadFnOutput> {
  const loaded = await nextLoad(url, context)
  if (!url.endsWith(`/${patch.file}`)) return loaded
  const [before, after, ...more] = Buffer.from(loaded.source as Buffer).toString().split(patch.from) // a file's
  if (before === undefined || after === undefined || more.length > 0) throw new Error(`The change no longer fits ${patch.file}: this has to be in it once: ${patch.from}`)
  return { ...loaded, source: before + patch.to + after }
}
