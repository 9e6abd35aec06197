import { isObject } from '../common/check.ts'
import type { UnknownEvent } from '../events/schemas.ts'

/** What a person wants to know first of an event. Texts are as they came in. */
export interface Description {
  readonly medium: string
  /** Who wrote it, or whom it went to. */
  readonly who: string
  readonly content: string
}

export function describe ({ event: _, ...fields }: UnknownEvent): Description {
  const conversation = part(fields, 'conversation')
  const message = part(fields, 'message')
  if (fields.message !== undefined && isObject(fields.message)) {
    const channel = part(conversation, 'Channel')
    return { medium: text(channel.medium), who: text(part(message, 'sender').name), content: text(message.content) || typeOf(message) }
  }
  if (typeof conversation.to === 'string') {
    const reason = text(conversation.reason)
    return { medium: 'SMS', who: conversation.to, content: text(conversation.status) + (reason === '' ? '' : `: ${reason}`) }
  }
  return { medium: '', who: '', content: JSON.stringify(fields) }
}

/** What there is in the place of a text. */
function typeOf ({ contentType }: Record<string, unknown>): string {
  return typeof contentType === 'string' ? `[${contentType}]` : ''
}

function part (value: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = value[name]
  return isObject(found) ? found : {}
}

function text (value: unknown): string {
  return typeof value === 'string' ? value : ''
}
