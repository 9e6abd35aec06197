import { batches } from '../../inbox/batches.ts'
import { partsOf } from '../../inbox/find.ts'
import type { StoredEvent } from '../../inbox/inbox.ts'
import { storedConversation } from '../../inbox/stored-conversation.ts'
import type { InboxView } from '../../inbox/view.ts'

/** How long they are looked for, in milliseconds. */
const LONGEST = 250
/** Conversations that are asked for at once. */
const AT_ONCE = 25

/** The failing event that a pending one waits for; null if it waits for none. */
export type BlockerOf = (event: StoredEvent) => StoredEvent | null

type Inbox = Pick<InboxView, 'find'>

interface Shown {
  readonly events: readonly StoredEvent[]
  /** How many events of the inbox are failing. */
  readonly failing: number
}

/** Looks once for what the events that are shown wait for, and not at all while nothing is failing. */
export async function blockersOf (inbox: Inbox, { events, failing }: Shown): Promise<BlockerOf> {
  // The first of a queue is the only one that can have failed, alone or with those of its burst: what has, waits for none.
  const lanes = new Set(events.filter((event) => isInLane(event) && event.attempts === 0).map(({ lane }) => lane))
  const blockers = new Map<string, StoredEvent>()
  if (failing > 0 && lanes.size > 0) {
    // The newest first: of several of one queue, the oldest stays.
    for (const event of await failingEvents(inbox, lanes, failing)) if (isInLane(event)) blockers.set(queueOf(event), event)
  }
  return (event) => {
    const blocker = isInLane(event) && event.attempts === 0 ? blockers.get(queueOf(event)) : undefined
    return blocker === undefined || blocker.seq >= event.seq ? null : blocker
  }
}

/** Whether an event is pending, and others may wait for it, or it for them. */
export function isInLane (event: StoredEvent): boolean {
  return event.state === 'pending' && event.isAside !== true && storedConversation(event) !== null
}

/** A conversation has two: its events, one after the other, and beside them those that wait for collectors. */
function queueOf (event: StoredEvent): string {
  return `${isCollected(event)} ${event.lane}`
}

/** Whether its listeners are through, so that it waits for collectors. An inbox that does not keep such events need not say so. */
export function isCollected ({ isCollected = false }: StoredEvent): boolean {
  return isCollected
}

/** Those of some conversations, or all if these are not more. */
async function failingEvents (inbox: Inbox, lanes: ReadonlySet<string>, failing: number): Promise<StoredEvent[]> {
  const end = performance.now() + LONGEST
  if (failing <= lanes.size) return await failingIn(inbox, undefined, end)
  const events: StoredEvent[] = []
  for (const part of batches([...lanes], AT_ONCE)) {
    if (performance.now() >= end) break
    events.push(...(await Promise.all(part.map(async (lane) => await failingIn(inbox, lane, end)))).flat())
  }
  return events
}

async function failingIn (inbox: Inbox, conversation: string | undefined, end: number): Promise<StoredEvent[]> {
  const failing: StoredEvent[] = []
  for await (const { events } of partsOf(inbox, { failing: true, conversation })) {
    failing.push(...events)
    if (performance.now() >= end) break
  }
  return failing
}
