import { redacted } from '../../inbox/find.ts'
import { SHORTEST_ID } from '../../inbox/fits.ts'
import type { EventFilter, Found, StoredEvent } from '../../inbox/inbox.ts'
import type { InboxView } from '../../inbox/view.ts'
import type { Question } from './filter.ts'
import { look } from './look.ts'

/** Events that one request answers with, besides those that an index finds. */
const MOST = 200
/** What may be an id, or its beginning. */
const ID = new RegExp(`^[\\w-]{${SHORTEST_ID},43}$`)

interface Parts {
  readonly inbox: Pick<InboxView, 'find'>
  readonly redact: (stored: StoredEvent) => StoredEvent
}

/** A part of the events that fit. */
export interface Part extends Pick<Found, 'scanned' | 'before'> {
  /** As they are to be shown, the newest first. */
  readonly events: readonly StoredEvent[]
  /** As they are: what is shown of them may not say which conversation they are of. */
  readonly originals: readonly StoredEvent[]
}

/** Looks through a part of the inbox. What an index finds by the text comes with the first part, however old it is. */
export async function partOf ({ inbox, redact }: Parts, { filter, before }: Pick<Question, 'filter' | 'before'>, signal: AbortSignal): Promise<Part> {
  const originals: StoredEvent[] = []
  const shownOf = (found: Found) => {
    originals.push(...found.events)
    return redacted(found, filter, redact)
  }
  const atOnce: StoredEvent[] = []
  for (const question of before === undefined ? indexed(filter) : []) {
    atOnce.push(...shownOf(await inbox.find({ ...question, limit: MOST })).events)
    if (signal.aborted) return { events: [], originals: [], scanned: 0, before: null }
  }
  // One more than is shown says whether there are more. What was found at once does not wait for the rest.
  const found = await look(async (part) => shownOf(await inbox.find({ ...filter, ...part })), { before, most: MOST + 1, signal, longest: atOnce.length > 0 ? 0 : undefined })
  const shown = found.events.slice(0, MOST)
  const last = shown.length < found.events.length ? shown.at(-1) : undefined
  return {
    events: inOrder([...shown, ...atOnce]),
    originals,
    scanned: last === undefined ? found.scanned : found.scanned - 1,
    before: last === undefined ? found.before : last.seq
  }
}

/** What an index answers of the question for a text: whether it is a conversation, or the beginning of an id. */
function indexed ({ text, ...filter }: EventFilter): EventFilter[] {
  // The events of one conversation are looked through quickly.
  if (text === undefined || filter.conversation !== undefined) return []
  return [{ ...filter, conversation: text }, ...ID.test(text) ? [{ ...filter, id: text }] : []]
}

/** Each once. */
function inOrder (events: readonly StoredEvent[]): StoredEvent[] {
  return [...new Map(events.map((event) => [event.id, event])).values()].sort((a, b) => b.seq - a.seq)
}
