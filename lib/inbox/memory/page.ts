import type { PageOptions, StoredEvent } from '../inbox.ts'
import type { Entry } from './entry.ts'
import type { History } from './history.ts'

/** The newest events. There may be fewer than are asked for, although there are more: the last page is the one that is empty. */
export function pageOf (pending: Iterable<Entry>, history: History | undefined, { state, limit, before = Infinity }: PageOptions): StoredEvent[] {
  const fits = (event: StoredEvent) => event.seq < before && (state === undefined || event.state === state)
  const { from, events } = history?.newest(fits) ?? { from: 0, events: [] }
  const own = Array.from(pending).filter(({ seq }) => seq >= from && seq < before).map((entry) => entry.stored('pending'))
  return [...own.filter(fits), ...events].sort((a, b) => b.seq - a.seq).slice(0, limit)
}
