import { parseArgs } from 'node:util'
import { targets } from './targets.ts'
import type { Target } from './targets.ts'

export const help = `Usage: npm run mutation -- [options]

Changes the core files one small change at a time (a mutant), and runs the test files that concern the file until one fails. A mutant that
no test notices survives. The command fails if one survives that survivors.json does not explain, or if it explains one that does not survive.
The result of each file goes to results.csv.

  --only a,b         only these files; or only a part of a file: lib/deliver/backoff.ts:10-20
  --concurrency N    mutants that are tested at once (2)
  --no-save          leave results.csv as it is; so does a run of a part of a file
  --help             this text

There is no seed: the mutants of a file are always the same.

Files:
${targets.map(({ file, why }) => `  ${file}: ${why}`).join('\n')}
`

/** A file, or a part of it. */
export interface Job extends Target {
  /** As Stryker takes it. */
  readonly mutate: string
}

export interface Options {
  readonly save: boolean
  readonly concurrency: number
  readonly jobs: readonly Job[]
}

/** Nothing if it is help that is wanted. @throws if something is unknown, or has a bad value. */
export function readOptions (args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      only: { type: 'string' },
      concurrency: { type: 'string', default: '2' },
      save: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) return undefined
  const concurrency = Number(values.concurrency)
  if (!Number.isInteger(concurrency) || concurrency < 1) throw new Error(`--concurrency must be a whole number from 1, got '${values.concurrency}'`)
  const asked = values.only?.split(',') ?? targets.map(({ file }) => file)
  return { save: values.save, concurrency, jobs: asked.map(jobOf) }
}

function jobOf (asked: string): Job {
  const [file = ''] = asked.split(':')
  const target = targets.find((target) => target.file === file)
  if (target === undefined) throw new Error(`--only must name files of test/mutation/targets.ts, got '${file}'`)
  return { ...target, mutate: asked }
}
