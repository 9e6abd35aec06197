import { trustedJson } from '../../events/trusted-json.ts'
import type { Io } from '../io.ts'
import { onOneLine, paintFor } from '../terminal.ts'
import { clock } from './printer.ts'

/** What is used of a line of pino's. */
interface Line {
  readonly msg: string
  readonly time: number
  readonly level: number
  readonly code?: string
  readonly hint?: string
  readonly problems?: readonly string[]
  readonly err?: { readonly message: string }
}

/** pino's number. */
const ERROR = 50

/** Takes the app's log, and writes it for people. */
export function createLog ({ stderr, env }: Io): { write (line: string): void } {
  const paint = paintFor(stderr, env)
  return {
    write (text) {
      const { msg, time, level, code, hint, problems, err } = trustedJson<Line>(text) // as pino writes it
      // That nothing has to be signed is said at the start.
      if (msg.startsWith('webhooks are accepted unsigned')) return
      const details = [code, hint, problems?.join('; '), err?.message].filter((detail) => detail !== undefined).map((detail) => `: ${detail}`).join('')
      stderr.write(`${paint('dim', clock(new Date(time)))}  ${paint(level < ERROR ? 'yellow' : 'red', onOneLine(msg + details))}\n`)
    }
  }
}
