import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { jsonOf } from '../terminal.ts'
import { eventsOf } from './confirm.ts'
import { findAll } from './find.ts'
import type { InboxOptions } from './options.ts'
import type { Source } from './source.ts'

export async function discard (source: Source, { ids, json }: InboxOptions, { stdout }: Io): Promise<number> {
  const found = await findAll(source, ids)
  const count = await source.discard(found.map(({ id }) => id))
  stdout.write(json ? `${jsonOf({ discarded: count })}\n` : `${eventsOf(count)} discarded\n`)
  return EXIT.ok
}
