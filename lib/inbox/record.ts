import { jsonOf } from '../events/visible-json.ts'
import { storedConversation } from './stored-conversation.ts'
import type { StoredEvent } from './stored-event.ts'

/** An event for programs, on one line: what the command line prints, and what the inspector exports. */
export function recordOf (stored: StoredEvent): string {
  const { seq, id, state, name, receivedAt, attempts, dueAt, isCollected = false, finishedAt, error, deliveries, event } = stored
  return jsonOf({ seq, id, state, name, conversation: storedConversation(stored), receivedAt, attempts, dueAt, isCollected, finishedAt, error, deliveries, event })
}
