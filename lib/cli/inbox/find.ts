import { SHORTEST_PREFIX } from '../../inbox/sqlite/store/reader.ts'
import { CommandError } from '../command-error.ts'
import { UsageError } from '../usage-error.ts'
import type { Source } from './source.ts'

/** Named if several begin with the same characters. */
const MOST = 5

/** The whole id of an event, of which the first characters may be given. */
export async function findId (source: Source, given: string): Promise<string> {
  if (given.length < SHORTEST_PREFIX) throw new UsageError(`An id has to be given with ${SHORTEST_PREFIX} characters or more, got '${given}'`)
  const ids = await source.idsLike(given, MOST)
  const [id, ...others] = ids.includes(given) ? [given] : ids
  if (id === undefined) throw new CommandError(`There is no event '${given}'`)
  if (others.length > 0) throw new CommandError(`More than one event begins with '${given}': ${ids.join(', ')}`)
  return id
}
