import { isObject } from '../options/check.ts'
import type { UnknownEvent } from './schemas.ts'

/** What a person wants to know first of an event. Texts are as they came in. */
export interface Description {
  readonly medium: string
  /** Who wrote it, or whom it went to. */
  readonly who: string
  /** What a message says, or how an SMS went; null of any other event. */
  readonly content: string | null
}

export function descriptionOf ({ event, message, conversation }: UnknownEvent): Description {
  const isReport = event === 'smsDeliveryReport'
  const { Channel, to, status, reason } = partOf(conversation)
  const medium = textOf(partOf(Channel).medium) || (isReport ? 'SMS' : '')
  if (isObject(message)) return { medium, who: textOf(partOf(message.sender).name), content: contentOf(message) }
  if (!isReport) return { medium, who: '', content: null }
  return { medium, who: textOf(to), content: [status, reason].map(textOf).filter((text) => text !== '').join(': ') || null }
}

/** The text of a message, or what there is in its place. */
function contentOf ({ content, contentType }: Record<string, unknown>): string {
  const text = textOf(content)
  return text.trim() === '' && typeof contentType === 'string' ? `[${contentType}]` : text
}

function partOf (value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}
