import type { Found, StoredEvent } from '../../inbox/inbox.ts'
import type { InboxView } from '../../inbox/view.ts'
import { isInLane } from './blockers.ts'

/** How long each of the questions may take, in milliseconds. */
const LONGEST = 100
/** Events that are asked for at once. */
const MOST_AT_ONCE = 500

/** What waits for an event, and what that waits for itself. */
export interface Waiting {
  /** Pending events of its conversation that come after it. */
  readonly count: number
  /** Whether there may be more than that. */
  readonly more: boolean
  /** The first pending event of its conversation; null if that is itself, or it waits for none. */
  readonly first: StoredEvent | null
}

type Inbox = Pick<InboxView, 'find'>

export async function waitingOf (inbox: Inbox, event: StoredEvent): Promise<Waiting> {
  if (!isInLane(event)) return { count: 0, more: false, first: null }
  const { lane, seq } = event
  const { count, isAll } = await pendingIn(inbox, { lane, after: seq })
  return { count, more: !isAll, first: await firstBefore(inbox, lane, seq) }
}

/** The first of a conversation is the only one that can have failed: that is found soon. If it has not, it is the oldest. */
async function firstBefore (inbox: Inbox, lane: string, before: number): Promise<StoredEvent | null> {
  const { oldest } = await pendingIn(inbox, { lane, before, failing: true })
  return oldest ?? (await pendingIn(inbox, { lane, before })).oldest
}

interface Range {
  readonly lane: string
  readonly failing?: boolean
  /** Between these, of which neither counts. */
  readonly after?: number
  readonly before?: number
}

/** Looks at what is pending in a lane, from the newest on; not at all of it if that takes too long. */
async function pendingIn (inbox: Inbox, { lane, failing, after = 0, before }: Range) {
  const end = performance.now() + LONGEST
  let count = 0
  let oldest: StoredEvent | null = null
  let from: number | null | undefined = before
  do {
    const found: Found = await inbox.find({ state: 'pending', conversation: lane, failing, limit: MOST_AT_ONCE, before: from })
    const events = found.events.filter((event) => isInLane(event) && event.seq > after)
    count += events.length
    oldest = events.at(-1) ?? oldest
    from = found.before !== null && found.before > after ? found.before : null
  } while (from !== null && performance.now() < end)
  return { count, oldest, isAll: from === null }
}
