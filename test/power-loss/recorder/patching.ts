// Imported before anything else, in each thread: changes sources as they are loaded.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Patch } from '../patches.ts'

const patches = JSON.parse(process.env.POWER_LOSS_PATCHES ?? '[]') as Patch[] // as record.ts has written it

registerHooks({
  load (url, context, nextLoad) {
    const fitting = patches.filter(({ file }) => url.endsWith(`/${file}`))
    if (fitting.length === 0) return nextLoad(url, context)
    let source = readFileSync(fileURLToPath(url), 'utf8')
    for (const { from, to, file } of fitting) {
      if (!source.includes(from)) throw new Error(`${file} has no "${from}" to be patched`)
      source = source.replace(from, to)
    }
    return { format: 'module-typescript', source, shortCircuit: true }
  }
})
