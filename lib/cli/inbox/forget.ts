import { pagesOfIds } from '../../inbox/find.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { jsonOf, onOneLine } from '../terminal.ts'
import { checkAsks, eventsOf, isConfirmed } from './confirm.ts'
import type { InboxOptions } from './options.ts'
import type { Source } from './source.ts'

export async function forget (source: Source, { filter: { conversation = '' }, yes, json }: InboxOptions, io: Io): Promise<number> {
  checkAsks('inbox forget', yes, io)
  if (!yes && !await isWanted(source, conversation, io)) return EXIT.failed
  const count = await source.forget(conversation)
  io.stdout.write(json ? `${jsonOf({ forgotten: count })}\n` : `${eventsOf(count)} forgotten\n`)
  return EXIT.ok
}

async function isWanted (source: Source, conversation: string, io: Io): Promise<boolean> {
  let count = 0
  for await (const ids of pagesOfIds(source, { conversation })) {
    io.signal.throwIfAborted()
    count += ids.length
  }
  return await isConfirmed(`Forget conversation ${onOneLine(conversation)}: ${eventsOf(count)}, whatever their state, and every trace of them?`, io)
}
