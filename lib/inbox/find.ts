import { batches } from './batches.ts'
import { matcherOf } from './fits.ts'
import type { EventFilter, Found, StoredEvent } from './inbox.ts'
import type { InboxView } from './view.ts'

/** Events that are read at once. */
const PAGE = 500
/** How many of them are replayed or discarded at once: what comes in meanwhile waits for it. */
export const CHANGED_AT_ONCE = 500

export interface SearchOptions {
  /** Only events with a smaller `seq`. */
  readonly before?: number | undefined
  /** What is not to be shown is not to be found either. @default everything is */
  readonly redact?: ((stored: StoredEvent) => StoredEvent) | undefined
}

/** Goes back through an inbox, the newest first and a page at a time: whoever asks decides how far. */
export async function * search (inbox: Pick<InboxView, 'find'>, filter: EventFilter, { before, redact }: SearchOptions = {}): AsyncGenerator<Found, undefined> {
  for (let from: number | null | undefined = before; from !== null;) {
    const found: Found = await inbox.find({ ...filter, limit: PAGE, before: from })
    from = found.before
    yield redact === undefined ? found : redacted(found, filter, redact)
  }
}

/** Of what fits, that which still does once it is redacted: whoever looks must not find out by trying. */
export function redacted ({ events, scanned, before }: Found, filter: EventFilter, redact: (stored: StoredEvent) => StoredEvent): Found {
  const shown = events.map(redact).filter(matcherOf(filter))
  return { events: shown, ids: shown.map(({ id }) => id), scanned, before }
}

/** Replays all events that fit, or those of them that are not newer than `upTo`; resolves to how many. */
export async function replayAll (inbox: Pick<InboxView, 'find' | 'replay'>, filter: EventFilter, upTo?: number): Promise<number> {
  // From the oldest to the newest, so that they keep their order.
  const ids = (await idsOf(inbox, filter, upTo)).reverse()
  let count = 0
  for (const batch of batches(ids, CHANGED_AT_ONCE)) count += await inbox.replay(batch)
  return count
}

/** Discards those that are not newer than `upTo`; resolves to how many. Page by page, for one that is listed may be a new event a moment later. */
export async function discardAll (inbox: Pick<InboxView, 'find' | 'discard'>, filter: EventFilter, upTo: number): Promise<number> {
  let count = 0
  for await (const ids of pagesOfIds(inbox, filter, upTo)) count += await inbox.discard(ids)
  return count
}

/** The newest first. They are few beside their bodies. */
async function idsOf (inbox: Pick<InboxView, 'find'>, filter: EventFilter, upTo: number | undefined): Promise<string[]> {
  const all: string[] = []
  for await (const ids of pagesOfIds(inbox, filter, upTo)) all.push(...ids)
  return all
}

/** Newest first. */
export async function * pagesOfIds (inbox: Pick<InboxView, 'find'>, filter: EventFilter, upTo?: number): AsyncGenerator<readonly string[], undefined> {
  for (let before: number | null | undefined = upTo === undefined ? undefined : upTo + 1; before !== null;) {
    const found: Found = await inbox.find({ ...filter, idsOnly: true, limit: PAGE, before })
    yield found.ids
    before = found.before
  }
}
