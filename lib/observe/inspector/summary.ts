import { isObject } from '../../common/check.ts'
import type { UnknownEvent } from '../../events/schemas.ts'
import type { EventState, StoredEvent } from '../../inbox/inbox.ts'

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

export function summaryOf ({ seq, id, name, lane, state, event, attempts, receivedAt, dueAt, finishedAt, error }: StoredEvent): Summary {
  return { seq, id, name: name.slice(0, LONGEST_NAME), conversation: lane === id ? null : lane.slice(0, LONGEST_NAME), state, medium: mediumOf(event), text: textOf(event), attempts, receivedAt, dueAt, finishedAt, error: error && shortened(error) }
}

function mediumOf ({ event, conversation }: UnknownEvent): string {
  const channel = isObject(conversation) ? conversation.Channel : undefined
  if (isObject(channel) && typeof channel.medium === 'string') return shortened(channel.medium)
  return event === 'smsDeliveryReport' ? 'SMS' : ''
}

/** A line of what it says: a message's content, or what there is in its place, or how an SMS went. */
function textOf ({ message, conversation }: UnknownEvent): string {
  if (isObject(message)) return contentOf(message)
  if (isObject(conversation)) return shortened([conversation.status, conversation.reason].filter((part) => typeof part === 'string').join(': '))
  return ''
}

function contentOf ({ content, contentType }: Record<string, unknown>): string {
  const text = typeof content === 'string' ? shortened(content) : ''
  return text === '' && typeof contentType === 'string' ? `[${shortened(contentType)}]` : text
}

function shortened (text: string): string {
  const line = text.slice(0, LONGEST_TEXT * 2).replaceAll(/\s+/g, ' ').trim()
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)}…` : line
}
