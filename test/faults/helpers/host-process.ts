import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Scope } from '../../helpers/scope.ts'
import type { Settings, Started } from './messages.ts'
import { ENV, FLAGS } from '../../helpers/environment.ts'

const HOST = fileURLToPath(new URL('host.ts', import.meta.url))

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
}

/** An app in a process of its own. */
export class HostProcess {
  readonly process: ChildProcess
  readonly #ended: Promise<Ended>
  readonly #started: Promise<Started>
  /** What it has logged so far. */
  logged = ''
  /** All that it logged. */
  readonly log: Promise<string>

  /** `wrap` are the words of the command that starts the command. */
  constructor (t: Scope, settings: Settings, wrap: readonly string[] = []) {
    const words = [...wrap, process.execPath, ...FLAGS, HOST, JSON.stringify(settings)]
    const host = this.process = spawn(words[0] ?? '', words.slice(1), { env: ENV, stdio: ['pipe', 'pipe', 'pipe'] })
    host.stdin.on('error', () => {}) // killed before it was told
    this.#ended = new Promise((resolve) => { host.on('exit', (code, signal) => { resolve({ code, signal }) }) })
    host.stderr.setEncoding('utf8').on('data', (text: string) => { this.logged += text })
    this.log = once(host.stderr, 'end').then(() => this.logged)
    this.#started = once(createInterface(host.stdout), 'line').then(([line]) => JSON.parse(String(line)) as Started) // its first line
    t.teardown(async () => { await this.kill() })
  }

  /** Its port. Rejects with what it said if it did not start, or has ended without a word. */
  async port (): Promise<number> {
    const started = await this.start()
    if ('port' in started) return started.port
    throw new Error(`the host did not start: ${JSON.stringify(started)}`)
  }

  async start (): Promise<Started> {
    return await Promise.race([this.#started, this.#ended.then(async ({ code, signal }): Promise<Started> => {
      throw new Error(`the host has ended (${code ?? signal ?? ''}): ${await this.log}`)
    })])
  }

  /** One that is held goes on. */
  go (): void {
    this.process.stdin?.write('go')
  }

  async ended (): Promise<Ended> {
    return await this.#ended
  }

  async kill (signal: NodeJS.Signals = 'SIGKILL'): Promise<Ended> {
    this.process.kill(signal)
    return await this.#ended
  }
}
