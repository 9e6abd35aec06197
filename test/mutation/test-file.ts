import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const COVERAGE_HOOK = fileURLToPath(new URL('coverage.ts', import.meta.url))
const NOT_OK = /^ *not ok (?!.* # (?:skip|todo))[^\n]*\n/im
const MOST_OUTPUT = 10_000 // characters

export interface TestFileRun {
  /** What failed first; nothing if all went well. */
  readonly failure: string | undefined
  readonly hasTimedOut: boolean
  readonly milliseconds: number
}

/** Runs a test file as a program of its own until the first failure, or for `limit` milliseconds. */
export async function runTestFile (file: string, env: Record<string, string>, limit: number | undefined): Promise<TestFileRun> {
  const start = performance.now()
  const child = spawn(process.execPath, ['--import', COVERAGE_HOOK, file], {
    env: { ...process.env, ...env, TAP_BAIL: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true // it leads a group, so that what it has started ends with it
  })
  const ended = Promise.withResolvers<undefined>()
  let hasTimedOut = false
  let output = ''
  let failure: string | undefined
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    ended.resolve(undefined)
  }
  const read = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-MOST_OUTPUT)
    failure ??= NOT_OK.exec(output)?.[0].trim()
    if (failure !== undefined) end()
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  child.once('close', (code) => {
    if (code !== 0) failure ??= `it ended with ${code}: ${output}`
    end()
  })
  const timer = setTimeout(() => {
    hasTimedOut = true
    end()
  }, limit ?? 2 ** 31 - 1)
  await ended.promise
  clearTimeout(timer)
  return { failure, hasTimedOut, milliseconds: performance.now() - start }
}
