import { matcherOf } from './fits.ts'
import type { Awaitable, FindOptions, Found, PageOptions, StoredEvent } from './inbox.ts'

/** Events that are read at once. */
const PAGE = 500

/** How `find` is answered for a driver that has only `list`: one page of it is looked through. */
export async function findByList (list: (options: PageOptions) => Awaitable<StoredEvent[]>, options: FindOptions): Promise<Found> {
  const { limit = 100, before, idsOnly = false, ...filter } = options
  const page = await list({ state: filter.failing === true ? 'pending' : filter.state, limit: PAGE, before })
  const fitting = page.filter(matcherOf(filter))
  const events = fitting.slice(0, limit)
  const last = events.length < fitting.length ? events.at(-1) : page.at(-1)
  return {
    events: idsOnly ? [] : events,
    ids: events.map(({ id }) => id),
    scanned: events.length < fitting.length ? page.findIndex(({ seq }) => seq === last?.seq) + 1 : page.length,
    // One that is short may only have had long bodies: the last one is the one that is empty.
    before: last?.seq ?? null
  }
}
