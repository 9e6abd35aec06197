import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onServerCore } from './pinning.ts'
import './signals.ts'

const children = new Set<ChildProcess>()

// However the benchmark ends, no child outlives it, and each can clear up. (If it is killed, a child ends by itself when its
// channel closes.)
process.on('exit', () => { for (const child of children) child.kill() })

/** A process that runs one of the files here, on the server's core. */
export interface Child {
  /** What it says next. @throws if it ends instead. */
  answer: () => Promise<unknown>
  tell: (message: object) => void
  stop: () => Promise<void>
}

/** `detached`: a signal to all that runs in the terminal does not reach it, nor what it starts. */
export function startChild (file: string, args: string[], { detached = false } = {}): Child {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = fork(path, args, { ...onServerCore(), detached, env: { ...process.env, NODE_ENV: 'production' } })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return {
    answer: () => answer(child, file),
    tell: (message) => { child.send(message) },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill()
      await ended
    }
  }
}

async function answer (child: ChildProcess, file: string): Promise<unknown> {
  const waiting = new AbortController()
  const { signal } = waiting
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]: unknown[]) => message),
      once(child, 'exit', { signal }).then(([code]) => { throw new Error(`${file} ended with code ${String(code)}`) })
    ])
  } finally {
    // Takes the listener of the one that lost away.
    waiting.abort()
  }
}
