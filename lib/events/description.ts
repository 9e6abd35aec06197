import { isObject } from '../options/check.ts'
import type { UnknownEvent } from './schemas.ts'

/** What a person wants to know first of an event. Texts are as they came in; what is not known is ''. */
export interface Description {
  readonly medium: string
  /** Who wrote it, or whom it went to: a name, or else a number or an address. */
  readonly who: string
  /** What a message is if it is more than a text: 'picture', 'voice note', 'document'. */
  readonly media: string
  /** What a message says, or how an SMS went; null of any other event. */
  readonly content: string | null
}

/** Words for the content types that say something else. Any other is its own word, in small letters. */
const WORDS: ReadonlyMap<string, string> = new Map([['text', ''], ['image', 'picture'], ['audio', 'voice note']])

/** The fields that have an address, and what is there. */
const ADDRESSES = [['imageUrl', 'picture'], ['videoUrl', 'video'], ['documentUrl', 'document'], ['audioUrl', 'voice note']] as const

/** What `media` may be besides the words of content types. */
export const MEDIA: readonly string[] = ADDRESSES.map(([, word]) => word)

/** It takes any event: one that is not of its schema is shown, too. */
export function descriptionOf ({ event, message, conversation }: UnknownEvent): Description {
  const isReport = event === 'smsDeliveryReport'
  const { Channel, customer, to, status, reason } = partOf(conversation)
  const medium = textOf(partOf(Channel).medium) || (isReport ? 'SMS' : '')
  if (isObject(message)) return { medium, who: writerOf(message, partOf(customer)), media: mediaOf(message), content: textOf(message.content) }
  if (!isReport) return { medium, who: '', media: '', content: null }
  return { medium, who: textOf(to), media: '', content: [status, reason].map(textOf).filter((text) => text !== '').join(': ') || null }
}

/** A message of an agent's is not the customer's. */
function writerOf ({ sender }: Record<string, unknown>, { name, phone, email }: Record<string, unknown>): string {
  const { name: own, authUser } = partOf(sender)
  return textOf(own) || (authUser === true ? '' : [name, phone, email].map(textOf).find((text) => text !== '') ?? '')
}

function mediaOf (message: Record<string, unknown>): string {
  const { contentType } = message
  const type = typeof contentType === 'string' ? contentType.trim().toLowerCase() : ''
  return (WORDS.get(type) ?? type) || (ADDRESSES.find(([field]) => textOf(message[field]) !== '')?.[1] ?? '')
}

function partOf (value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

/** A number may stand where a text is meant. */
function textOf (value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
}
