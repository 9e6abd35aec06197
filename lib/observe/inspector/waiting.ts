import { partsOf } from '../../inbox/find.ts'
import type { StoredEvent } from '../../inbox/inbox.ts'
import type { InboxView } from '../../inbox/view.ts'
import { isCollected, isInLane } from './blockers.ts'

/** How long each of the questions may take, in milliseconds. */
const LONGEST = 100
/** Ids that are asked for at once. */
const AT_ONCE = 1_000
/** Events that are counted. */
const MOST_COUNTED = 1_000
/** Failing events of a conversation that are looked at: they are its first, a burst that waits for collectors, or have left it. */
const MOST_FAILING = 500

/** What waits for an event, and what that waits for itself. */
export interface Waiting {
  /** Pending events of its conversation that come after it, 1 000 at the most. Of one that waits for collectors, those that do and come after its burst. */
  readonly count: number
  /** Whether there may be more than that. */
  readonly more: boolean
  /** Whether it waits for an earlier event of its conversation. */
  readonly isBehind: boolean
  /** The first pending event of its conversation, but for those that wait for collectors; null if that is itself, or too many are pending to tell. */
  readonly first: StoredEvent | null
}

type Inbox = Pick<InboxView, 'find' | 'get'>

const NOTHING: Waiting = { count: 0, more: false, isBehind: false, first: null }

export async function waitingOf (inbox: Inbox, event: StoredEvent): Promise<Waiting> {
  if (!isInLane(event)) return NOTHING
  const failing = await failingIn(inbox, event.lane)
  // The first of a conversation, or of what waits for collectors, is the only one that can have failed, alone or with its burst.
  const head = failing.findLast((other) => isInLane(other) && isCollected(other) === isCollected(event))
  const isBehindHead = event.attempts === 0 && head !== undefined && head.seq < event.seq
  if (isCollected(event)) {
    // Nothing waits for what only waits for more of its conversation.
    const after = event.attempts === 0 ? NOTHING : await countCollectedAfter(inbox, event, failing)
    return { ...after, isBehind: isBehindHead, first: isBehindHead ? head : null }
  }
  const others = idsOf(failing.filter((other) => !isInLane(other) || isCollected(other)))
  const { ids, more } = await idsAfter(inbox, event, others)
  return {
    ...counted(ids.length, more),
    ...isBehindHead ? { isBehind: true, first: head } : event.attempts > 0 ? { isBehind: false, first: null } : await firstBefore(inbox, event, others)
  }
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

function idsOf (events: readonly StoredEvent[]): ReadonlySet<string> {
  return new Set(events.map(({ id }) => id))
}

/** What comes after the burst that an event is in. */
async function countCollectedAfter (inbox: Inbox, event: StoredEvent, failing: readonly StoredEvent[]): Promise<Pick<Waiting, 'count' | 'more'>> {
  const { ids, more } = await idsAfter(inbox, event, idsOf(failing))
  const { count } = await inLane(inbox, ids)
  return counted(ids.length - count, more)
}

function counted (count: number, more: boolean): Pick<Waiting, 'count' | 'more'> {
  return { count: Math.min(count, MOST_COUNTED), more: more || count > MOST_COUNTED }
}

/** Pending events of its conversation after an event, the newest first, but for some. Bodies are not read: there may be thousands. */
async function idsAfter (inbox: Inbox, { lane, seq, id }: StoredEvent, others: ReadonlySet<string>): Promise<{ ids: readonly string[], more: boolean }> {
  const end = performance.now() + LONGEST
  const after: string[] = []
  let more = false
  for await (const { ids, before } of partsOf(inbox, { state: 'pending', conversation: lane, idsOnly: true, limit: AT_ONCE })) {
    const own = ids.indexOf(id)
    after.push(...ids.slice(0, own < 0 ? ids.length : own).filter((other) => !others.has(other)))
    more = own < 0 && before !== null && before > seq
    if (!more || after.length >= MOST_COUNTED || performance.now() >= end) break
  }
  return { ids: after, more }
}

/** The newest come first: if it takes too long to come to the oldest, it is not known which that is. */
async function firstBefore (inbox: Inbox, { lane, seq }: StoredEvent, others: ReadonlySet<string>): Promise<Pick<Waiting, 'isBehind' | 'first'>> {
  const end = performance.now() + LONGEST
  const before: string[] = []
  let isAll = false
  for await (const part of partsOf(inbox, { state: 'pending', conversation: lane, before: seq, idsOnly: true, limit: AT_ONCE })) {
    before.push(...part.ids.filter((id) => !others.has(id)))
    isAll = part.before === null
    if (performance.now() >= end) break
  }
  const { count, oldest } = await inLane(inbox, before)
  // Below what is in its lane, nothing is that it could wait for.
  return { isBehind: oldest !== null, first: isAll || count < before.length ? oldest : null }
}

/** How many of these, the newest first, have listeners that are to have them still, and the oldest of them: what waits for collectors is older. */
async function inLane (inbox: Inbox, ids: readonly string[]): Promise<{ count: number, oldest: StoredEvent | null }> {
  let [low, high] = [0, ids.length]
  let oldest: StoredEvent | null = null
  // Most often all of them do.
  for (let at = ids.length - 1; low < high; at = Math.floor((low + high) / 2)) {
    const event = await inbox.get(String(ids[at]))
    if (event?.state === 'pending' && !isCollected(event)) [low, oldest] = [at + 1, event]
    else high = at
  }
  return { count: low, oldest }
}
