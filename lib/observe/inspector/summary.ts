import { descriptionOf } from '../../events/description.ts'
import type { EventState, StoredEvent } from '../../inbox/inbox.ts'
import { storedConversation } from '../../inbox/stored-conversation.ts'

const LONGEST_TEXT = 200
/** A sender may make them of any length. */
const LONGEST_NAME = 500

/** What a line of the list shows. */
export interface Summary {
  readonly seq: number
  readonly id: string
  readonly name: string
  /** Null if it has none: such an event is on a lane of its own. */
  readonly conversation: string | null
  readonly state: EventState
  readonly medium: string
  readonly text: string
  readonly attempts: number
  readonly receivedAt: Date
  readonly dueAt: Date | null
  readonly finishedAt: Date | null
  readonly error: string | null
}

export function summaryOf (stored: StoredEvent): Summary {
  const { seq, id, name, state, event, attempts, receivedAt, dueAt, finishedAt, error } = stored
  const { medium, content } = descriptionOf(event)
  return {
    seq,
    id,
    name: name.slice(0, LONGEST_NAME),
    conversation: storedConversation(stored)?.slice(0, LONGEST_NAME) ?? null,
    state,
    medium: shortened(medium),
    text: shortened(content ?? ''),
    attempts,
    receivedAt,
    dueAt,
    finishedAt,
    error: error && shortened(error)
  }
}

function shortened (text: string): string {
  const line = text.slice(0, LONGEST_TEXT * 2).replaceAll(/\s+/g, ' ').trim()
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)}…` : line
}
