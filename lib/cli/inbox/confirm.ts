import { createInterface } from 'node:readline/promises'
import type { Io } from '../io.ts'
import { isTerminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

/** Whether there is somebody to be asked. `command` is what is not done without. */
export function checkAsks (command: string, yes: boolean, { stdin }: Io): void {
  if (!yes && !isTerminal(stdin)) throw new UsageError(`${command} asks on a terminal: give --yes where there is none`)
}

export async function isConfirmed (question: string, { stdin, stderr, signal }: Io): Promise<boolean> {
  const prompt = createInterface({ input: stdin, output: stderr })
  const ended = new Promise<string>((resolve) => { prompt.once('close', () => { resolve('') }) })
  try {
    const answer = await Promise.race([prompt.question(`${question} [y/N] `, { signal }), ended])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    prompt.close()
  }
}

export function eventsOf (count: number, state = ''): string {
  return `${count} ${state === '' ? '' : `${state} `}event${count === 1 ? '' : 's'}`
}
