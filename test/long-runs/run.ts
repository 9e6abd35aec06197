// Starts one of the long runs in a process that a signal from the terminal does not reach, nor what that starts: Ctrl+C ends a run early, and
// what it has by then is checked and written.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { asked } from '../helpers/asked.ts'
import { help } from './help.ts'
import { readOptions } from './options.ts'

if (asked(help, readOptions) !== undefined) {
  const worker = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), process.argv.slice(2), { detached: true })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { worker.send('stop') })
  worker.on('exit', (code) => { process.exitCode = code ?? 1 })
}
