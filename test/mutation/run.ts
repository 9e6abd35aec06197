import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asked } from '../helpers/asked.ts'
import { compare, readExplained } from './explained.ts'
import { outcomeOf } from './mutants.ts'
import type { Outcome } from './mutants.ts'
import { help, readOptions } from './options.ts'
import type { Options } from './options.ts'
import { rowOf, saveRow, scoreOf } from './results.ts'
import { mutate } from './stryker.ts'

const options = asked(help, readOptions)
if (options !== undefined) await run(options)

async function run ({ jobs, save, concurrency }: Options) {
  const folder = temporaryFolder()
  const outcomes: Outcome[] = []
  for (const job of jobs) {
    const start = performance.now()
    const outcome = outcomeOf(job.file, await mutate({ ...job, concurrency, folder }))
    const isWhole = job.mutate === job.file
    outcomes.push(outcome)
    tell(outcome, isWhole)
    if (save && isWhole) saveRow(rowOf(outcome, (performance.now() - start) / 1_000))
  }
  const survived = outcomes.reduce((sum, { survivors }) => sum + survivors.length, 0)
  const noticed = outcomes.reduce((sum, { killed, timedOut }) => sum + killed + timedOut, 0)
  console.log(`together: ${noticed + survived} mutants that can run, ${noticed} noticed, ${survived} survived`)
}

/** For everything that a run writes, and what killed tests leave behind. */
function temporaryFolder (): string {
  const folder = mkdtempSync(join(tmpdir(), 'oneroute-mutation-'))
  process.on('exit', () => { rmSync(folder, { recursive: true, force: true }) })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { process.exit(1) })
  process.env.TMPDIR = folder
  process.env.NODE_COMPILE_CACHE = join(folder, 'compiled')
  return join(folder, 'copies')
}

/** Of a part of a file, nobody knows whether an explanation is needless. */
function tell (outcome: Outcome, isWhole: boolean) {
  const { file, killed, timedOut, survivors } = outcome
  const { unexplained, needless } = compare(survivors, readExplained().filter((entry) => entry.file === file))
  console.log(`${file}: ${killed} killed, ${timedOut} timed out, ${survivors.length} survived, ${unexplained.length} of them not explained: ${scoreOf(outcome)} %`)
  for (const { lineNumber, ...mutant } of unexplained) console.log(`  survived in line ${lineNumber}: ${JSON.stringify({ ...mutant, why: '' })}`)
  if (isWhole) for (const { why, ...mutant } of needless) console.log(`  explained, but does not survive: ${JSON.stringify(mutant)}`)
  if (unexplained.length > 0 || (isWhole && needless.length > 0)) process.exitCode = 1
}
