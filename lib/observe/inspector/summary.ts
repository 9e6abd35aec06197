import { descriptionOf } from '../../events/description.ts'
import type { DeliveryRecord, EventState, StoredEvent } from '../../inbox/inbox.ts'
import { storedConversation } from '../../inbox/stored-conversation.ts'
import { LONGEST_QUERY } from './page-constants.ts'
import type { Waiting } from './waiting.ts'

const LONGEST_TEXT = 200
/** Senders may make them of any length. */
const LONGEST_NAME = 500

/** What is known of an event, in words. */
interface Description {
  /** Who wrote it, or whom it went to; '' if that is not known. */
  readonly who: string
  readonly medium: string
  /** What came in if it is more than a text: 'picture', 'voice note'. */
  readonly media: string
}

/** What a line of the list shows. */
export interface Summary extends Description {
  readonly seq: number
  readonly id: string
  readonly name: string
  /** Null if it has none: such an event is on a lane of its own. One that is too long to be asked for has a character more than may be asked for. */
  readonly conversation: string | null
  readonly state: EventState
  readonly text: string
  readonly attempts: number
  readonly receivedAt: Date
  readonly dueAt: Date | null
  readonly finishedAt: Date | null
  readonly error: string | null
  readonly isAside: boolean
  readonly isCollected: boolean
  /** The failing event that this one waits for. */
  readonly behind: Pick<Summary, 'id' | 'attempts' | 'dueAt' | 'error'> | null
}

/** One event in full. */
export interface Detail extends Description, Omit<StoredEvent, 'isAside' | 'isCollected'> {
  readonly conversation: string | null
  readonly deliveries: DeliveryRecord[]
  readonly isAside: boolean
  readonly isCollected: boolean
  readonly waiting: Omit<Waiting, 'first'> & { readonly first: Summary | null }
}

/** Both as they are to be shown. */
export function summaryOf (stored: StoredEvent, blocker: StoredEvent | null): Summary {
  const { seq, id, name, state, event, attempts, receivedAt, dueAt, finishedAt, error, isAside = false, isCollected = false } = stored
  const { who, medium, media, content } = descriptionOf(event)
  return {
    seq,
    id,
    name: name.slice(0, LONGEST_NAME),
    conversation: storedConversation(stored)?.slice(0, LONGEST_QUERY + 1) ?? null,
    state,
    who: shortened(who),
    medium: shortened(medium),
    media: shortened(media),
    text: shortened(content ?? ''),
    attempts,
    receivedAt,
    dueAt,
    finishedAt,
    error: error && shortened(error),
    isAside,
    isCollected,
    behind: blocker && { id: blocker.id, attempts: blocker.attempts, dueAt: blocker.dueAt, error: blocker.error && shortened(blocker.error) }
  }
}

/** All of them as they are to be shown. */
export function detailOf (stored: StoredEvent, { first, ...waiting }: Waiting): Detail {
  const { who, medium, media } = descriptionOf(stored.event)
  return {
    ...stored,
    conversation: storedConversation(stored),
    who,
    medium,
    media,
    isAside: stored.isAside ?? false,
    isCollected: stored.isCollected ?? false,
    waiting: { ...waiting, first: first && summaryOf(first, null) }
  }
}

function shortened (text: string): string {
  const line = text.slice(0, LONGEST_TEXT * 2).replaceAll(/\s+/g, ' ').trim()
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)}…` : line
}
