// Starts one of the long runs in a process that a signal from the terminal does not reach, nor what that starts: Ctrl+C ends a run early, and
// what it has by then is checked and written.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { help } from './help.ts'
import { readOptions } from './options.ts'

const args = process.argv.slice(2)

try {
  if (readOptions(args) === undefined) console.log(help)
  else start()
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
  process.exitCode = 2
}

function start (): void {
  const worker = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), args, { detached: true })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { worker.send('stop') })
  worker.on('exit', (code) => { process.exitCode = code ?? 1 })
}
