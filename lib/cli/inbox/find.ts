import { inQuotes } from '../../errors/url-passwords.ts'
import { partsOf } from '../../inbox/find.ts'
import { SHORTEST_ID } from '../../inbox/fits.ts'
import type { StoredEvent } from '../../inbox/inbox.ts'
import { CommandError } from '../command-error.ts'
import { UsageError } from '../usage-error.ts'
import type { Source } from './source.ts'

/** Named if several begin with the same characters. */
const MOST = 5

/** Several of them, each once. All are looked for first: with one that is misspelt, nothing is done. */
export async function findAll (source: Source, given: readonly string[]): Promise<StoredEvent[]> {
  const found = new Map<string, StoredEvent>()
  for (const one of given) {
    const event = await find(source, one)
    found.set(event.id, event)
  }
  return [...found.values()]
}

/** An event, of whose id the first characters may be given. */
export async function find (source: Source, given: string): Promise<StoredEvent> {
  if (given.length < SHORTEST_ID) throw new UsageError(`An id has to be given with ${SHORTEST_ID} characters or more, got ${inQuotes(given)}`)
  const ids = await idsLike(source, given)
  if (ids.length > 1 && !ids.includes(given)) throw new CommandError(`More than one event begins with ${inQuotes(given)}: ${ids.join(', ')}`)
  const event = await source.get(ids.length === 1 ? ids.join() : given)
  if (event === undefined) throw new CommandError(`There is no event ${inQuotes(given)}`)
  return event
}

async function idsLike (source: Source, given: string): Promise<string[]> {
  const found: string[] = []
  for await (const { ids } of partsOf(source, { id: given, idsOnly: true, limit: MOST })) {
    found.push(...ids)
    if (found.length > 1) break
  }
  return found
}
