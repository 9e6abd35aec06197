import type { UnknownEvent } from '../events/schemas.ts'
import { batches } from './batches.ts'
import type { EventState, StoredEvent } from './inbox.ts'
import { storedConversation } from './stored-conversation.ts'
import type { InboxView } from './view.ts'

/** Events that are read at once. */
const PAGE = 500
/** How many of them are replayed or discarded at once: what comes in meanwhile waits for it. */
export const CHANGED_AT_ONCE = 500

/** What all of it is true of. */
export interface EventFilter {
  readonly state?: EventState | undefined
  readonly name?: string | undefined
  /** The lane, unless that is an event's own. */
  readonly conversation?: string | undefined
  /** A part of any text in the event, in capitals or not. */
  readonly text?: string | undefined
}

export interface SearchOptions {
  /** Only events with a smaller `seq`. */
  readonly before?: number | undefined
  /** What is not to be shown is not to be found either. @default everything is */
  readonly redact?: ((stored: StoredEvent) => StoredEvent) | undefined
}

/** What a page of the inbox had. */
export interface Found {
  /** As they are shown: redacted. */
  readonly events: readonly StoredEvent[]
  /** How many were looked at. */
  readonly scanned: number
  /** Where to go on; null if there are no more. */
  readonly before: number | null
}

/**
 * Goes back through an inbox of any driver, the newest first and a page at a time: whoever asks decides how far. Only the state is
 * left to the driver, for what is seldom asked for is not worth an index that every event would have to pay for.
 */
export async function * search (inbox: Pick<InboxView, 'list'>, filter: EventFilter, { before, redact = (stored) => stored }: SearchOptions = {}): AsyncGenerator<Found, undefined> {
  const fits = matcherOf(filter)
  for (let from: number | null | undefined = before; from !== null;) {
    const page = await inbox.list({ state: filter.state, limit: PAGE, before: from })
    // One that is short may only have had long bodies: the last one is the one that is empty.
    from = page.length === 0 ? null : Math.min(...page.map(({ seq }) => seq))
    const events = page.map(redact).filter(fits)
    yield { events, scanned: page.length, before: from }
  }
}

/** Replays all events of a state, or those that are not newer than `upTo`; resolves to how many. */
export async function replayAll (inbox: Pick<InboxView, 'list' | 'replay'>, state: EventState, upTo?: number): Promise<number> {
  // From the oldest to the newest, so that they keep their order.
  const ids = (await idsOf(inbox, state, upTo)).reverse()
  let count = 0
  for (const batch of batches(ids, CHANGED_AT_ONCE)) count += await inbox.replay(batch)
  return count
}

/** Discards those that are not newer than `upTo`; resolves to how many. Page by page, for one that is listed may be a new event a moment later. */
export async function discardAll (inbox: Pick<InboxView, 'list' | 'discard'>, state: EventState, upTo: number): Promise<number> {
  let count = 0
  for await (const { events } of search(inbox, { state }, { before: upTo + 1 })) {
    count += await inbox.discard(events.map(({ id }) => id))
  }
  return count
}

/** The newest first. They are few beside their bodies. */
async function idsOf (inbox: Pick<InboxView, 'list'>, state: EventState, upTo: number | undefined): Promise<string[]> {
  const ids: string[] = []
  const before = upTo === undefined ? undefined : upTo + 1
  for await (const { events } of search(inbox, { state }, { before })) ids.push(...events.map(({ id }) => id))
  return ids
}

function matcherOf ({ name, conversation, text }: EventFilter): (event: StoredEvent) => boolean {
  const wanted = text?.toLowerCase()
  return (event) => (name === undefined || event.name === name) &&
    (conversation === undefined || storedConversation(event) === conversation) &&
    (wanted === undefined || holds(event.event, wanted))
}

/** Not by recursion: an event may be nested more deeply than calls may. */
function holds (event: UnknownEvent, wanted: string): boolean {
  const values: unknown[] = [event]
  while (values.length > 0) {
    const value = values.pop()
    if (typeof value === 'string' && value.toLowerCase().includes(wanted)) return true
    if (typeof value === 'object' && value !== null) for (const field of Object.values(value)) values.push(field)
  }
  return false
}
