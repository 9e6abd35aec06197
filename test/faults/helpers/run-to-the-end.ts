import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ENV, FLAGS } from '../../helpers/environment.ts'

/** Starts a program again and again, as long as it is killed: how each of them has ended. */
export async function runToTheEnd (file: string, ...args: string[]): Promise<Array<number | NodeJS.Signals | null>> {
  const ends: Array<number | NodeJS.Signals | null> = []
  do {
    const child = spawn(process.execPath, [...FLAGS, file, ...args], { env: ENV, stdio: ['ignore', 'ignore', 'inherit'] })
    const [code, signal] = await once(child, 'exit') as [number | null, NodeJS.Signals | null] // as Node documents it
    ends.push(signal ?? code)
  } while (ends.at(-1) === 'SIGKILL')
  return ends
}
