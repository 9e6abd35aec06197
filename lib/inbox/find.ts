import { matcherOf } from './fits.ts'
import type { EventFilter, FindOptions, Found, StoredEvent } from './inbox.ts'
import type { InboxView } from './view.ts'

/** Events that are read at once. */
const PAGE = 500
/** How many events are replayed or removed at once: what comes in meanwhile waits for it, or what is of the same lanes. */
export const CHANGED_AT_ONCE = 500

export interface SearchOptions {
  /** Only events with a smaller `seq`. */
  readonly before?: number | undefined
  /** As many as are wanted: no more are read at once. @default as many as whoever asks goes on for */
  readonly limit?: number | undefined
  /** What is not to be shown is not to be found either. @default everything is */
  readonly redact?: ((stored: StoredEvent) => StoredEvent) | undefined
}

/** Goes back through an inbox, the newest first and a part at a time: whoever asks decides how far. */
export async function * partsOf (inbox: Pick<InboxView, 'find'>, options: FindOptions): AsyncGenerator<Found, undefined> {
  for (let from: number | null | undefined = options.before; from !== null;) {
    const found: Found = await inbox.find({ ...options, before: from })
    yield found
    from = found.before
  }
}

/** What is to be shown of all that fits. */
export async function * search (inbox: Pick<InboxView, 'find'>, filter: EventFilter, { before, limit = PAGE, redact }: SearchOptions = {}): AsyncGenerator<Found, undefined> {
  for await (const found of partsOf(inbox, { ...filter, limit: Math.min(limit, PAGE), before })) yield redact === undefined ? found : redacted(found, filter, redact)
}

/** Of what fits, that which still does once it is redacted: whoever looks must not find out by trying. */
export function redacted ({ events, scanned, before }: Found, filter: EventFilter, redact: (stored: StoredEvent) => StoredEvent): Found {
  const shown = events.map(redact).filter(matcherOf(filter))
  // What an index has of a conversation would be how many were looked at.
  const told = filter.conversation !== undefined && shown.length === 0 ? 0 : scanned
  return { events: shown, ids: shown.map(({ id }) => id), scanned: told, before }
}

/** The ids of all that fit, page by page, the newest first. */
export async function * pagesOfIds (inbox: Pick<InboxView, 'find'>, filter: EventFilter): AsyncGenerator<readonly string[], undefined> {
  for await (const { ids } of partsOf(inbox, { ...filter, idsOnly: true, limit: PAGE })) yield ids
}
