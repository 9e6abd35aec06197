import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { CLEAN, ENV, FLAGS } from './helpers/environment.ts'
import { executablePath } from './observe/inspector/chromium.ts'

/** The sources, and not what is built of them, nor the inspector's page: that runs in a browser. */
const COVERED = ['index.ts', 'lib/**/*.ts']
const THRESHOLDS = ['lines', 'branches', 'functions'].map((what) => `--test-coverage-${what}=100`)
const COVERAGE = ['--experimental-test-coverage', ...COVERED.map((files) => `--test-coverage-include=${files}`), ...THRESHOLDS]

/**
 * Runs the tests: all of them, and then what they cover has to be everything, or those that are named. `JOBS` is how many files at a time.
 */
const { positionals, values } = parseArgs({ allowPositionals: true, options: { 'no-coverage': { type: 'boolean', default: false } } })
const { JOBS = '2' } = process.env
const coverage = values['no-coverage'] || positionals.length > 0 ? [] : COVERAGE
const files = positionals.length > 0 ? positionals : ['test/**/*.test.ts']
await executablePath() // before all tests: the first one in a browser has little enough time on a busy machine
// What is taken from a cache would be covered less exactly.
const runner = spawn(process.execPath, [...FLAGS, '--test', '--test-reporter=./test/reporter.ts', `--test-concurrency=${JOBS}`, ...coverage, ...files], { env: coverage.length > 0 ? CLEAN : ENV, stdio: 'inherit' })
const [code] = await once(runner, 'exit') as [number | null]
process.exitCode = code ?? 1
