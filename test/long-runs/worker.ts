// The process that does the work of a long run, apart from the terminal: run.ts starts it.
import { CommandScope } from '../helpers/command-scope.ts'
import { postBodies } from './bodies/post-bodies.ts'
import { killAgain } from './kills/kill-again.ts'
import { readOptions } from './options.ts'
import type { InboxName, Options } from './options.ts'
import { Progress } from './progress.ts'
import { recover } from './recovery/recover.ts'
import { save, sectionOf } from './results.ts'
import type { Found, Run } from './run-context.ts'
import { runSteady } from './steady/run-steady.ts'
import type { DurableName } from './stores.ts'

const stop = new AbortController()
const scope = new CommandScope()

// Once: the run ends early. Twice, or when whoever has started it is gone: at once.
process.on('message', () => {
  if (stop.signal.aborted) leave()
  else stop.abort()
})
process.once('disconnect', leave)

function leave (): void {
  void quit()
}

async function quit (): Promise<void> {
  await scope.end()
  process.exit(130)
}

const options = readOptions(process.argv.slice(2))
if (options !== undefined) {
  try {
    await runAll(options)
  } finally {
    await scope.end()
    process.removeListener('disconnect', leave)
    process.disconnect()
  }
}

async function runAll (options: Options): Promise<void> {
  console.log(`Seed ${options.seed}. The same again: ${options.command}\n`)
  for (const inbox of options.inboxes) {
    if (stop.signal.aborted) return
    const startedAt = new Date()
    const progress = new Progress()
    const found = await runOne(options, inbox, progress)
    progress.end()
    const section = sectionOf(options, inbox, found, startedAt)
    console.log(section)
    if (options.save) save(options, inbox, found, section)
    if (found.problems.length > 0) process.exitCode = 1
  }
}

async function runOne (options: Options, inbox: InboxName, progress: Progress): Promise<Found> {
  const run = { scope, options, inbox, signal: stop.signal, say: (text: string) => { progress.show(text) } }
  if (options.name === 'bodies') return await postBodies(run)
  const durable = run as Run<DurableName> // readOptions has seen to it
  switch (options.name) {
    case 'kills': return await killAgain(durable)
    case 'steady': return await runSteady(durable)
    case 'recovery': return await recover(durable)
  }
}
