// Only PostgreSQL: SQLite's reader is asked in a thread of its own, which has one connection.
import { ignore } from '../../errors/error-of.ts'
import { matcherOf } from '../fits.ts'
import type { EventFilter, FindOptions, Found, StoredEvent } from '../inbox.ts'
import { wellFormed } from '../sql/well-formed.ts'
import type { Database } from './database.ts'
import { numberOf, storedEventOf } from './event-rows.ts'
import { keyOf, quoted } from './identifiers.ts'
import { idOf } from './ids.ts'
import type { Row } from './query.ts'
import { searchOf } from './search.ts'

/** In milliseconds. After that, an answer begins no other statement. */
const LONG_ENOUGH = 50

/** Looks for events with two connections at most, however many searches there are: quick ones never wait for a slow one. */
export class Finder {
  readonly #database: Database
  readonly #schema: string
  /** The answers before. They never reject. */
  readonly #last: Record<'quick' | 'slow', Promise<unknown>> = { quick: Promise.resolve(), slow: Promise.resolve() }

  constructor (database: Database, schema: string) {
    this.#database = database
    this.#schema = quoted(schema)
  }

  async find (options: FindOptions): Promise<Found> {
    const queue = isQuick(options) ? 'quick' : 'slow'
    const found = this.#last[queue].then(async () => await this.#find(options))
    this.#last[queue] = found.catch(ignore) // whoever has asked is told
    return await found
  }

  async #find ({ limit = 100, before: from = Number.MAX_SAFE_INTEGER, idsOnly = false, ...given }: FindOptions): Promise<Found> {
    const filter = asStored(given)
    const search = searchOf(this.#schema, filter, idsOnly)
    const fits = matcherOf(filter)
    const events: StoredEvent[] = []
    const ids: string[] = []
    let scanned = 0
    let before: number | null = from
    const begun = performance.now()
    do {
      const part = partOf(await this.#database.run(search.text, [before, limit - ids.length, ...search.values]), limit - ids.length)
      if (search.withBodies) {
        const fitting = part.rows.map(storedEventOf).filter(fits)
        ids.push(...fitting.map(({ id }) => id))
        if (!idsOnly) events.push(...fitting)
      } else ids.push(...part.rows.map(({ id }) => idOf(id)))
      scanned += part.scanned
      before = part.before
    } while (before !== null && ids.length < limit && performance.now() - begun < LONG_ENOUGH)
    return { events, ids, scanned, before }
  }
}

/** Whether an index finds all of it. */
function isQuick ({ text, name, since, until }: EventFilter): boolean {
  return [text, name, since, until].every((value) => value === undefined)
}

/** Names and lanes as they are in the tables. */
function asStored ({ name, conversation, ...others }: EventFilter): EventFilter {
  return { ...others, name: name === undefined ? undefined : wellFormed(name), conversation: conversation === undefined ? undefined : keyOf(conversation) }
}

/** What one statement has found, how many it has looked at for that, and where to go on. */
function partOf (all: readonly Row[], most: number): { rows: readonly Row[], scanned: number, before: number | null } {
  const rows = all.filter(({ seq }) => seq !== null)
  const [last = {}] = all.slice(-1)
  // With as many as were wanted, there may be others that it has looked at, and that are not among them.
  const [scanned, before] = rows.length === most ? [last.n, last.seq] : [last.scanned, last.before]
  return { rows, scanned: Number(scanned), before: numberOf(before) }
}
