import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { codeOf, errorOf } from '../../errors/error-of.ts'
import { CommandError } from '../command-error.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { paintFor } from '../terminal.ts'
import { HELP } from './help.ts'
import { createLog } from './log.ts'
import { parseListenOptions } from './options.ts'
import type { ListenOptions } from './options.ts'
import { createPrinter } from './printer.ts'
import { createReceiver, INSPECTOR } from './receiver.ts'
import { countReceived } from './tally.ts'

/** `fastify-oneroute-webhooks listen`: receives events, and prints them. Settles with the exit code. */
export async function listen (argv: string[], io: Io): Promise<number> {
  const options = parseListenOptions(argv, io.env)
  if (options === 'help') {
    io.stdout.write(HELP)
    return EXIT.ok
  }
  const app = await createReceiver(options, createLog(io))
  const sumUp = countReceived(app.webhooks)
  const print = createPrinter(options, io)
  app.webhooks.on('event', print)
  app.webhooks.on('invalid', print)
  try {
    welcome(await begin(app, options), options, io)
    if (!io.signal.aborted) await once(io.signal, 'abort')
  } finally {
    await app.close()
    const summary = sumUp()
    if (io.signal.aborted) io.stderr.write(`${summary}\n`)
  }
  return EXIT.interrupted
}

/** Returns where it listens. */
async function begin (app: FastifyInstance, { port, host }: ListenOptions): Promise<string> {
  try {
    return await app.listen({ port, host })
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') throw new CommandError(`Port ${port} of ${host} is taken: end what listens there, or give another --port`)
    throw new CommandError(`It cannot listen on port ${port} of ${host}: ${errorOf(error).message}`)
  }
}

function welcome (origin: string, { path, secret }: ListenOptions, { stderr, env }: Io): void {
  const paint = paintFor(stderr, env)
  const url = origin + path
  stderr.write([
    `Listening on ${paint('bold', url)} for events ${secret === undefined ? 'of anybody: none has to be signed' : 'that are signed with the key'}`,
    `Post one: fastify-oneroute-webhooks send --to ${url}`,
    `Inspector, for this machine only: ${origin}${INSPECTOR}/`,
    ''
  ].join('\n'))
}
