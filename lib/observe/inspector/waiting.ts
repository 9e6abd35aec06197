import { partsOf } from '../../inbox/find.ts'
import type { StoredEvent } from '../../inbox/inbox.ts'
import type { InboxView } from '../../inbox/view.ts'
import { isInLane } from './blockers.ts'

/** How long each of the questions may take, in milliseconds. */
const LONGEST = 100
/** Ids that are asked for at once. */
const AT_ONCE = 1_000
/** Events that are counted. */
const MOST_COUNTED = 1_000
/** Failing events of a conversation that are looked at: one of them is its first, and the others have left it. */
const MOST_FAILING = 500

/** What waits for an event, and what that waits for itself. */
export interface Waiting {
  /** Pending events of its conversation that come after it, 1 000 at the most. */
  readonly count: number
  /** Whether there may be more than that. */
  readonly more: boolean
  /** Whether it waits for an earlier event of its conversation. */
  readonly isBehind: boolean
  /** The first pending event of its conversation; null if that is itself, or too many are pending to tell. */
  readonly first: StoredEvent | null
}

type Inbox = Pick<InboxView, 'find' | 'get'>

export async function waitingOf (inbox: Inbox, event: StoredEvent): Promise<Waiting> {
  if (!isInLane(event)) return { count: 0, more: false, isBehind: false, first: null }
  const failing = await failingIn(inbox, event.lane)
  const aside = new Set(failing.filter((other) => !isInLane(other)).map(({ id }) => id))
  const head = failing.findLast(isInLane)
  return {
    ...await countAfter(inbox, event, aside),
    // The first of a conversation is the only one that can have failed.
    ...head !== undefined && head.seq <= event.seq ? before(event, head) : await firstBefore(inbox, event, aside)
  }
}

function before (event: StoredEvent, head: StoredEvent): Pick<Waiting, 'isBehind' | 'first'> {
  return head.id === event.id ? { isBehind: false, first: null } : { isBehind: true, first: head }
}

async function failingIn (inbox: Inbox, lane: string): Promise<StoredEvent[]> {
  const end = performance.now() + LONGEST
  const failing: StoredEvent[] = []
  for await (const { events } of partsOf(inbox, { failing: true, conversation: lane, limit: MOST_FAILING })) {
    failing.push(...events)
    if (failing.length >= MOST_FAILING || performance.now() >= end) break
  }
  return failing
}

/** Bodies are not read: there may be thousands. */
async function countAfter (inbox: Inbox, { lane, seq, id }: StoredEvent, aside: ReadonlySet<string>): Promise<Pick<Waiting, 'count' | 'more'>> {
  const end = performance.now() + LONGEST
  let [count, more] = [0, false]
  for await (const { ids, before } of partsOf(inbox, { state: 'pending', conversation: lane, idsOnly: true, limit: AT_ONCE })) {
    const own = ids.indexOf(id)
    count += ids.slice(0, own < 0 ? ids.length : own).filter((other) => !aside.has(other)).length
    more = own < 0 && before !== null && before > seq
    if (!more || count >= MOST_COUNTED || performance.now() >= end) break
  }
  return { count: Math.min(count, MOST_COUNTED), more: more || count > MOST_COUNTED }
}

/** The newest come first: if it takes too long to come to the oldest, it is not known which that is. */
async function firstBefore (inbox: Inbox, { lane, seq }: StoredEvent, aside: ReadonlySet<string>): Promise<Pick<Waiting, 'isBehind' | 'first'>> {
  const end = performance.now() + LONGEST
  let oldest: string | undefined
  let isAll = false
  for await (const { ids, before } of partsOf(inbox, { state: 'pending', conversation: lane, before: seq, idsOnly: true, limit: AT_ONCE })) {
    oldest = ids.findLast((id) => !aside.has(id)) ?? oldest
    isAll = before === null
    if (performance.now() >= end) break
  }
  if (oldest === undefined) return { isBehind: false, first: null }
  return { isBehind: true, first: isAll ? await inbox.get(oldest) ?? null : null }
}
