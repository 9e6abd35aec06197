import { isCoded } from '../../errors/errors.ts'
import { CommandError } from '../command-error.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { discard } from './discard.ts'
import { forget } from './forget.ts'
import { HELP } from './help.ts'
import { hasLimits } from './limits.ts'
import { list } from './list.ts'
import { openSource } from './open-source.ts'
import { parseInboxOptions } from './options.ts'
import type { InboxOptions } from './options.ts'
import { replay } from './replay.ts'
import { show } from './show.ts'
import type { Source } from './source.ts'
import { stats } from './stats.ts'
import { watch } from './watch.ts'

export type Action = (source: Source, options: InboxOptions, io: Io) => Promise<number>

/** All but `migrate`, which is for an inbox that cannot be looked into yet, and `recount`, which does not look into events. */
const ACTIONS: Record<Exclude<InboxOptions['action'], 'migrate' | 'recount'>, Action> = { stats, list, show, replay, discard, forget, watch }

/** `fastify-oneroute-webhooks inbox`: looks into an inbox, replays and deletes. Settles with the exit code. */
export async function inbox (argv: string[], io: Io): Promise<number> {
  const options = parseInboxOptions(argv, io.env)
  if (options === 'help') {
    io.stdout.write(HELP)
    return EXIT.ok
  }
  try {
    return await act(options, io)
  } catch (error) {
    // Whoever watches over limits has to know that none of them was looked at.
    if (isCoded(error) && hasLimits(options.limits)) throw new CommandError(error.message, EXIT.unknown)
    throw error
  }
}

async function act (options: InboxOptions, io: Io): Promise<number> {
  const { action } = options
  if (action === 'migrate') return await (await import('./migrate.ts')).migrate(options, io)
  if (action === 'recount') return await (await import('./recount.ts')).recount(options, io)
  const source = await openSource(options, io.signal)
  try {
    return await ACTIONS[action](source, options, io)
  } finally {
    await source.close()
  }
}
