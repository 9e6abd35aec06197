import type { StoredEvent } from '../../inbox/inbox.ts'
import { search } from '../../inbox/find.ts'
import { recordOf } from '../../inbox/record.ts'
import { createRedact } from '../../observe/inspector/redact.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { columnsOf, isTerminal, paintFor } from '../terminal.ts'
import { ageOf } from './age.ts'
import type { InboxOptions } from './options.ts'
import { tableOf } from './row.ts'
import type { Source } from './source.ts'

export async function list (source: Source, options: InboxOptions, { stdout, env, signal }: Io): Promise<number> {
  const events = await newest(source, options, signal)
  const now = Date.now()
  const lines = options.json || !isTerminal(stdout)
    ? events.map(recordOf)
    : tableOf(events.map((event) => ({ when: ageOf(event.receivedAt, now), event })), paintFor(stdout, env), columnsOf(stdout))
  for (const line of lines) stdout.write(`${line}\n`)
  return EXIT.ok
}

/** The newest events that are asked for, the newest first. */
async function newest (source: Source, { filter, limit, redact }: InboxOptions, signal: AbortSignal): Promise<StoredEvent[]> {
  const found: StoredEvent[] = []
  for await (const { events } of search(source, filter, { limit, redact: createRedact(redact) })) {
    signal.throwIfAborted()
    found.push(...events)
    if (found.length >= limit) break
  }
  return found.slice(0, limit)
}
