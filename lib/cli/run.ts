import { readFile } from 'node:fs/promises'
import { isCoded } from '../errors/errors.ts'
import { inQuotes } from '../errors/url-passwords.ts'
import { trustedJson } from '../events/trusted-json.ts'
import { CommandError } from './command-error.ts'
import { EXIT } from './exit.ts'
import type { Io } from './io.ts'
import { UsageError } from './usage-error.ts'

/** Takes the arguments after the command's name, and settles with the exit code. */
export type Command = (argv: string[], io: Io) => Promise<number>

interface Entry {
  readonly summary: string
  /** Imported when it is asked for: no command pays for another's dependencies. */
  readonly load: () => Promise<Command>
}

const NAME = 'fastify-oneroute-webhooks'

const COMMANDS: Readonly<Record<string, Entry>> = {
  send: {
    summary: 'play OneRoute: post signed events to your app',
    load: async () => (await import('./send/send.ts')).send
  },
  listen: {
    summary: 'receive events on this machine, and print them as they come',
    load: async () => (await import('./listen/listen.ts')).listen
  },
  inbox: {
    summary: 'look into an inbox, beside the app that uses it, replay and delete',
    load: async () => (await import('./inbox/inbox.ts')).inbox
  }
}

const HELP = `Usage: ${NAME} <command> [options]

Tools for an app that receives OneRoute's webhooks with fastify-oneroute-webhooks.

Commands:
${Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(8)}  ${summary}\n`).join('')}
Options:
  -h, --help     print this; after a command: its options, with examples
  -v, --version  print the version

Try it:
  ${NAME} send --help
`

/** Runs the command line, and settles with the exit code. */
export async function run (argv: string[], io: Io): Promise<number> {
  const [name, ...rest] = argv
  try {
    return await dispatch(name, rest, io)
  } catch (error) {
    // Ctrl-C, while it was waiting for something: there is nothing to sum up.
    if (error instanceof Error && error.name === 'AbortError') return EXIT.interrupted
    const command = isCommand(name) ? `${NAME} ${name}` : NAME
    if (error instanceof CommandError || isCoded(error)) {
      io.stderr.write(`${command}: ${error.message}\n`)
      return error instanceof CommandError ? error.exit : EXIT.failed
    }
    if (!(error instanceof UsageError)) throw error
    io.stderr.write(`${command}: ${error.message}\nSee ${command} --help\n`)
    return EXIT.usage
  }
}

async function dispatch (name: string | undefined, rest: string[], io: Io): Promise<number> {
  if (name === undefined) {
    io.stderr.write(HELP)
    return EXIT.usage
  }
  const answer = await answerTo(name)
  if (answer !== undefined) {
    io.stdout.write(answer)
    return EXIT.ok
  }
  const command = await commandOf(name)
  return await command(rest, io)
}

async function answerTo (name: string): Promise<string | undefined> {
  if (name === '-h' || name === '--help') return HELP
  if (name === '-v' || name === '--version') return `${await version()}\n`
  return undefined
}

async function commandOf (name: string): Promise<Command> {
  const entry = isCommand(name) ? COMMANDS[name] : undefined
  if (entry !== undefined) return await entry.load()
  const known = Object.keys(COMMANDS).join(', ')
  // Without the value of an option: it may be a key.
  if (name.startsWith('-')) throw new UsageError(`Unknown option ${inQuotes(name.replace(/=.*/s, ''))}: the command comes first, one of ${known}`)
  throw new UsageError(`Unknown command ${inQuotes(name)}: it must be one of ${known}`)
}

function isCommand (name: string | undefined): boolean {
  return name !== undefined && Object.hasOwn(COMMANDS, name)
}

async function version (): Promise<string> {
  // By the package's own name, because dist/lib/cli and lib/cli are not equally deep.
  const url = import.meta.resolve('fastify-oneroute-webhooks/package.json')
  const { version } = trustedJson<{ version: string }>(await readFile(new URL(url), 'utf8')) // npm asks for one
  return version
}
