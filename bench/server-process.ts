import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onServerCore } from './pinning.ts'
import type { Usage } from './servers/report.ts'

const children = new Set<ChildProcess>()

// However the benchmark ends, no server outlives it. (If it is killed, a server ends by itself when its channel closes.)
process.on('exit', () => { for (const child of children) child.kill('SIGKILL') })
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

export interface ServerProcess {
  port: number
  usage: () => Promise<Usage>
  stop: () => Promise<void>
}

/** Starts one of the files in `servers/` as a process of its own. */
export async function startServer (name: string): Promise<ServerProcess> {
  const path = fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url))
  const child = fork(path, { ...onServerCore(), env: { ...process.env, NODE_ENV: 'production' } })
  children.add(child)
  // The declarations cannot know what a server sends: report.ts sends its port first, and then only usages.
  const port = await answer(child, name) as number
  return {
    port,
    usage: async () => {
      child.send('usage')
      return await answer(child, name) as Usage
    },
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill()
      await ended
      children.delete(child)
    }
  }
}

/** @throws if the process ends instead of answering. */
async function answer (child: ChildProcess, name: string): Promise<unknown> {
  const waiting = new AbortController()
  const { signal } = waiting
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]: unknown[]) => message),
      once(child, 'exit', { signal }).then(([code]) => { throw new Error(`the server ${name} ended with code ${String(code)}`) })
    ])
  } finally {
    // Takes the listener of the one that lost away.
    waiting.abort()
  }
}
