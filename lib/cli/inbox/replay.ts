import { pagesOfIds } from '../../inbox/find.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { jsonOf, onOneLine } from '../terminal.ts'
import { checkAsks, eventsOf, isConfirmed } from './confirm.ts'
import { findAll } from './find.ts'
import type { InboxOptions } from './options.ts'
import type { Source } from './source.ts'

export async function replay (source: Source, options: InboxOptions, io: Io): Promise<number> {
  const { ids, all, allListeners, json } = options
  const inOrder = all === undefined ? await givenIn(source, ids) : await allOf(all, source, options, io)
  if (inOrder === undefined) return EXIT.failed
  const count = await source.replay(inOrder, { all: allListeners })
  const pending = all === undefined ? inOrder.length - count : 0
  io.stdout.write(json ? `${jsonOf({ replayed: count })}\n` : `${eventsOf(count)} replayed${pending > 0 ? `; ${eventsOf(pending)} pending already` : ''}\n`)
  return EXIT.ok
}

/** The oldest first, as they are replayed. */
async function givenIn (source: Source, ids: readonly string[]): Promise<string[]> {
  return (await findAll(source, ids)).toSorted((a, b) => a.seq - b.seq).map(({ id }) => id)
}

/** Those that are dead or invalid when it asks. Undefined if that is not to be. */
async function allOf (state: 'dead' | 'invalid', source: Source, { yes, filter: { conversation, since, until } }: InboxOptions, io: Io): Promise<string[] | undefined> {
  checkAsks(`inbox replay ${conversation === undefined ? `--${state}` : '--conversation'}`, yes, io)
  const ids: string[] = []
  for await (const page of pagesOfIds(source, { state, conversation, since, until })) {
    io.signal.throwIfAborted()
    ids.push(...page)
  }
  ids.reverse()
  if (ids.length === 0 || yes) return ids
  const which = [
    `${ids.length === 1 ? '' : 'all '}${eventsOf(ids.length, state)}`,
    ...conversation === undefined ? [] : [`of conversation ${onOneLine(conversation)}`],
    ...since === undefined ? [] : [`since ${since.toISOString()}`],
    ...until === undefined ? [] : [`until ${until.toISOString()}`]
  ]
  return await isConfirmed(`Replay ${which.join(' ')}?`, io) ? ids : undefined
}
