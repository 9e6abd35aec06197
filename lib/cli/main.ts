#!/usr/bin/env node
import { run } from './run.ts'

const interrupt = new AbortController()
// Once: a second Ctrl-C ends the process, whatever it is waiting for.
process.once('SIGINT', () => { interrupt.abort() })

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as `head` left: that is no failure of the command.
    if (error.code !== 'EPIPE') throw error
  })
}

const { stdin, stdout, stderr, env } = process
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: interrupt.signal })
