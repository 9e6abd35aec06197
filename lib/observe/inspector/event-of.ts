import { SHORTEST_ID } from '../../inbox/fits.ts'
import type { StoredEvent } from '../../inbox/inbox.ts'
import type { InboxView } from '../../inbox/view.ts'
import { look } from './look.ts'

/** The event of this id, or the only one whose id begins with it, as rows show it. */
export async function eventOf (inbox: Pick<InboxView, 'get' | 'find'>, id: string, signal: AbortSignal): Promise<StoredEvent | undefined> {
  const event = await inbox.get(id)
  if (event !== undefined || id.length < SHORTEST_ID) return event
  const { events } = await look(async (part) => await inbox.find({ id, ...part }), { before: undefined, most: 2, signal })
  return events.length === 1 ? events[0] : undefined
}
