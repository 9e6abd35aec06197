import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { CLEAN, ENV, FLAGS } from './helpers/environment.ts'
import { copyInJavaScript } from './javascript.ts'
import { executablePath } from './observe/inspector/chromium.ts'

const TESTS = 'test/**/*.test.js'
/** The sources, and not what is built of them, nor the inspector's page: that runs in a browser. */
const COVERED = ['index.js', 'lib/**/*.js']
const THRESHOLDS = ['lines', 'branches', 'functions'].map((what) => `--test-coverage-${what}=100`)
const COVERAGE = ['--experimental-test-coverage', ...COVERED.map((files) => `--test-coverage-include=${files}`), ...THRESHOLDS]

/**
 * Runs the tests: those that are named, or all of them, in JavaScript, and then what they cover has to be everything. `JOBS` is how many files
 * at a time.
 */
const { positionals, values } = parseArgs({ allowPositionals: true, options: { 'no-coverage': { type: 'boolean', default: false } } })
const { JOBS = '2' } = process.env
const isWhole = positionals.length === 0
const hasCoverage = isWhole && !values['no-coverage']
await executablePath() // before all tests: the first one in a browser has little enough time on a busy machine
const cwd = isWhole ? copyInJavaScript() : process.cwd()
const options = [...FLAGS, '--test', `--test-reporter=./test/reporter.${isWhole ? 'js' : 'ts'}`, `--test-concurrency=${JOBS}`, ...(hasCoverage ? COVERAGE : [])]
// What is taken from a cache would be covered less exactly.
const runner = spawn(process.execPath, [...options, ...(isWhole ? [TESTS] : positionals)], { cwd, env: hasCoverage ? CLEAN : ENV, stdio: 'inherit' })
const [code] = await once(runner, 'exit') as [number | null]
process.exitCode = code ?? 1
