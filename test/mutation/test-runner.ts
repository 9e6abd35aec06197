// A plugin of Stryker. Every test file is a program: it is run with one mutant switched on, and has killed it if it fails.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { MutantCoverage } from '@stryker-mutator/api/core'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner'
import type { DryRunOptions, DryRunResult, MutantRunOptions, MutantRunResult, TestResult, TestRunner } from '@stryker-mutator/api/test-runner'
import { runTestFile } from './test-file.ts'

/** Files in the copy of the project that Stryker makes: all processes of a run share them. */
const COVERAGE = '.mutation-coverage'
const TIMES = '.mutation-times.json'

/** A test file that runs for longer than so many times what it took without a mutant, and this, has timed out. */
const PATIENCE = { times: 4, milliseconds: 5_000 }

class TestFileRunner implements TestRunner {
  /** Of each test file without a mutant, in milliseconds. */
  #times: Record<string, number> = {}

  capabilities () {
    return { reloadEnvironment: true }
  }

  async dryRun ({ testFiles = [] }: DryRunOptions): Promise<DryRunResult> {
    const tests: TestResult[] = []
    const mutantCoverage: MutantCoverage = { static: {}, perTest: {} }
    for (const file of testFiles.map((file) => relative(process.cwd(), file)).toSorted()) {
      const { failure, milliseconds } = await this.#dryRun(file)
      if (failure !== undefined) return { status: DryRunStatus.Error, errorMessage: `${file} fails without a mutant: ${failure}` }
      this.#times[file] = milliseconds
      tests.push({ id: file, name: file, status: TestStatus.Success, timeSpentMs: milliseconds })
      mutantCoverage.perTest[file] = coverageOf(file)
    }
    writeFileSync(TIMES, JSON.stringify(this.#times))
    rmSync(COVERAGE, { recursive: true })
    return { status: DryRunStatus.Complete, tests, mutantCoverage }
  }

  /** The first run fills the compile cache, the second one is measured. */
  async #dryRun (file: string) {
    const first = await runTestFile(file, {}, undefined)
    if (first.failure !== undefined) return first
    const folder = join(COVERAGE, file)
    mkdirSync(folder, { recursive: true })
    return await runTestFile(file, { MUTATION_COVERAGE: folder }, undefined)
  }

  async mutantRun ({ activeMutant: { id }, testFilter, hitLimit }: MutantRunOptions): Promise<MutantRunResult> {
    this.#times = JSON.parse(readFileSync(TIMES, 'utf8')) as Record<string, number> // as `dryRun` wrote it
    const files = (testFilter ?? Object.keys(this.#times)).toSorted((a, b) => this.#timeOf(a) - this.#timeOf(b))
    const env = { __STRYKER_ACTIVE_MUTANT__: id, MUTATION_HIT_LIMIT: String(hitLimit ?? '') }
    for (const [i, file] of files.entries()) {
      const limit = this.#timeOf(file) * PATIENCE.times + PATIENCE.milliseconds
      const { failure, hasTimedOut } = await runTestFile(file, env, limit)
      if (hasTimedOut) return { status: MutantRunStatus.Timeout, reason: file }
      if (failure !== undefined) return { status: MutantRunStatus.Killed, killedBy: [file], failureMessage: failure, nrOfTests: i + 1 }
    }
    return { status: MutantRunStatus.Survived, nrOfTests: files.length }
  }

  #timeOf (file: string): number {
    return this.#times[file] ?? 0
  }
}

/** How often the processes of a test file came to each mutant. */
function coverageOf (file: string): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const part of globSync(join(COVERAGE, file, '*.json'))) {
    const hits = JSON.parse(readFileSync(part, 'utf8')) as Record<string, number> // as coverage.ts wrote it
    for (const [mutant, count] of Object.entries(hits)) sum[mutant] = (sum[mutant] ?? 0) + count
  }
  return sum
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'test-files', TestFileRunner)]
