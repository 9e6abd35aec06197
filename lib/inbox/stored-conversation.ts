import type { StoredEvent } from './stored-event.ts'

/** An event without a conversation is on a lane of its own, which has the event's id. */
export function storedConversation ({ id, lane }: Pick<StoredEvent, 'id' | 'lane'>): string | null {
  return lane === id ? null : lane
}
