import { fileURLToPath } from 'node:url'
import type { LogLevel, MutantResult } from '@stryker-mutator/api/core'
import { Stryker } from '@stryker-mutator/core'

export interface Plan {
  /** A file of the project, or a part of it: `file:line-line`. */
  readonly mutate: string
  readonly tests: readonly string[]
  readonly concurrency: number
  /** For the copy of the project that the mutants are in. */
  readonly folder: string
}

/** Makes the mutants of one file, and runs the tests with each of them. */
export async function mutate ({ mutate, tests, concurrency, folder }: Plan): Promise<MutantResult[]> {
  return await new Stryker({
    mutate: [mutate],
    testFiles: [...tests],
    testRunner: 'test-files',
    plugins: [fileURLToPath(new URL('test-runner.ts', import.meta.url))],
    coverageAnalysis: 'perTest',
    concurrency,
    tempDirName: folder,
    cleanTempDir: 'always',
    ignorePatterns: ['bench', 'dist', 'docs', 'examples', 'test/mutation'],
    checkers: [],
    reporters: ['progress-append-only'],
    allowConsoleColors: false,
    // The runner has limits of its own, one for each test file.
    timeoutMS: 3_600_000,
    logLevel: 'warn' as LogLevel // which exists for the compiler only
  }).runMutationTest()
}
