import type { EventFilter } from '../../inbox/inbox.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { jsonOf, onOneLine } from '../terminal.ts'
import { checkAsks, eventsOf, isConfirmed } from './confirm.ts'
import { findAll } from './find.ts'
import { newest } from './list.ts'
import type { InboxOptions } from './options.ts'
import type { Source } from './source.ts'

export async function replay (source: Source, options: InboxOptions, io: Io): Promise<number> {
  const { ids, all, allListeners, json } = options
  const meant = all === undefined ? await findAll(source, ids) : await allOf(all, source, options, io)
  if (meant === undefined) return EXIT.failed
  const inOrder = meant.toSorted((a, b) => a.seq - b.seq).map(({ id }) => id)
  const count = await source.replay(inOrder, { all: allListeners })
  const pending = all === undefined ? inOrder.length - count : 0
  io.stdout.write(json ? `${jsonOf({ replayed: count })}\n` : `${eventsOf(count)} replayed${pending > 0 ? `; ${eventsOf(pending)} pending already` : ''}\n`)
  return EXIT.ok
}

interface Meant {
  readonly id: string
  readonly seq: number
}

/** Those that are dead or invalid when it asks. Undefined if that is not to be. */
async function allOf (state: 'dead' | 'invalid', source: Source, { yes, filter: { conversation } }: InboxOptions, io: Io): Promise<Meant[] | undefined> {
  checkAsks(`inbox replay ${conversation === undefined ? `--${state}` : '--conversation'}`, yes, io)
  const filter: EventFilter = { state, conversation }
  const found = await newest(source, { filter, limit: Number.MAX_SAFE_INTEGER, redact: [] }, io.signal)
  if (found.length === 0 || yes) return found
  const some = `${found.length === 1 ? '' : 'all '}${eventsOf(found.length, state)}`
  const where = conversation === undefined ? '' : ` of conversation ${onOneLine(conversation)}`
  return await isConfirmed(`Replay ${some}${where}?`, io) ? found : undefined
}
