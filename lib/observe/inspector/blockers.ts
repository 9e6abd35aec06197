import type { Found, StoredEvent } from '../../inbox/inbox.ts'
import { storedConversation } from '../../inbox/stored-conversation.ts'
import type { InboxView } from '../../inbox/view.ts'

/** Failing events that are looked at for one answer: where more fail at once, the newest. */
const MOST = 500
/** How long they are looked for, in milliseconds. */
const LONGEST = 50

/** The failing event that a pending one waits for; null if it waits for none. */
export type BlockerOf = (event: StoredEvent) => StoredEvent | null

interface Shown {
  readonly events: readonly StoredEvent[]
  /** If all of them are of one. */
  readonly conversation?: string | undefined
  /** How many events of the inbox are failing. */
  readonly failing: number
}

/** Looks once for what is failing, for all of the events that are shown, and not at all while nothing is. */
export async function blockersOf (inbox: Pick<InboxView, 'find'>, { events, conversation, failing }: Shown): Promise<BlockerOf> {
  const blockers = new Map<string, StoredEvent>()
  if (failing > 0 && events.some(isInLane)) {
    // The newest first: of several of one conversation, the oldest stays.
    for (const event of await failingEvents(inbox, conversation, failing)) if (isInLane(event)) blockers.set(event.lane, event)
  }
  return (event) => {
    const blocker = isInLane(event) ? blockers.get(event.lane) : undefined
    return blocker === undefined || blocker.seq >= event.seq ? null : blocker
  }
}

/** Whether an event is pending, and others may wait for it, or it for them. */
export function isInLane (event: StoredEvent): boolean {
  return event.state === 'pending' && event.isAside !== true && storedConversation(event) !== null
}

async function failingEvents (inbox: Pick<InboxView, 'find'>, conversation: string | undefined, failing: number): Promise<StoredEvent[]> {
  const end = performance.now() + LONGEST
  const most = Math.min(failing, MOST)
  const events: StoredEvent[] = []
  for (let from: number | null | undefined; from !== null && events.length < most && performance.now() < end;) {
    const found: Found = await inbox.find({ failing: true, conversation, limit: most - events.length, before: from })
    events.push(...found.events)
    from = found.before
  }
  return events
}
