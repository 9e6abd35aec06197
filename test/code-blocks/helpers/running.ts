import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from '../../faults/helpers/until.ts'
import { ENV, FLAGS } from '../../helpers/environment.ts'
import type { Command } from './commands.ts'
import { directory, files, write } from './files.ts'

interface Running {
  url: string
  /** Settles when it has printed this, and throws if it ends before that. */
  printed: (text: string) => Promise<void>
  /** All that it has printed. */
  output: () => string
  /** Sends it a signal, and resolves to its exit code. */
  end: (signal: NodeJS.Signals) => Promise<number | null>
}

/** Runs a block that listens, as it is but for its port. */
export async function start (t: Test, file: string, env: Command['env'] = {}): Promise<Running> {
  writeTelling(t, file)
  return await launch(t, join(directory, file), env)
}

/** Writes a block that listens: on any port, which it tells. */
export function writeTelling (t: Test, file: string): void {
  const code = files.find((block) => block.file === file)?.code ?? ''
  t.match(code, '{ port: 3000', 'it listens where the rest of the pages expects it')
  write(file, code.replace('{ port: 3000', '{ port: 0') + `
    const tell = () => { process.send(app.server.address().port) }
    app.server.listening ? tell() : app.server.once('listening', tell)`)
}

export async function launch (t: Test, path: string, env: Command['env']): Promise<Running> {
  const child = fork(path, { cwd: directory, silent: true, execArgv: FLAGS, env: { ...ENV, ...env } })
  t.teardown(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { output += chunk.toString() })
  let hasEnded = false
  child.once('close', () => { hasEnded = true })
  const [port] = await Promise.race([once(child, 'message'), once(child, 'close').then(() => { throw new Error(output) })]) as [number] // as it tells
  return {
    url: `http://127.0.0.1:${port}`,
    end: async (signal) => {
      child.kill(signal)
      await once(child, 'exit')
      return child.exitCode
    },
    printed: async (text) => {
      await until(() => output.includes(text) || hasEnded)
      if (!output.includes(text)) throw new Error(`It has not printed '${text}', but:\n${output}`)
    },
    output: () => output
  }
}

/** Another service, which the app calls. */
export async function serve (t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
}

export async function post (url: string, body: string, headers: Record<string, string> = {}): Promise<number> {
  const { status } = await fetch(`${url}/webhooks/oneroute`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  return status
}
