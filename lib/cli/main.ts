#!/usr/bin/env node
import { nodeTooOld } from '../errors/node-version.ts'
import { EXIT } from './exit.ts'

const interrupt = new AbortController()
// Once: a second Ctrl-C ends the process, whatever it is waiting for.
process.once('SIGINT', () => { interrupt.abort() })

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    // A reader such as `head` left: that is no failure of the command, but nobody is there for what is still to come.
    interrupt.abort()
  })
}

// On the versions of Node where node:sqlite is not stable yet it warns of itself, which whoever runs a command cannot mend.
const printers = process.listeners('warning')
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') for (const print of printers) print(warning)
})

const { stdin, stdout, stderr, env } = process
const tooOld = nodeTooOld(process.versions.node)
if (tooOld === undefined) {
  // Imported here: an older Node.js might fail to load it, and say less.
  const { run } = await import('./run.ts')
  process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: interrupt.signal })
} else {
  stderr.write(`${tooOld.message}\n`)
  process.exitCode = EXIT.failed
}
