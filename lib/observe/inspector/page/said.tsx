import type { JSX } from 'preact'
import type { Row } from './types'

/** Who wrote an event of the list, and what. What is not ours is isolated: it turns nothing beside it around. */
export function Saying ({ row: { who, media, text, name } }: { row: Row }): JSX.Element {
  const what = text === '' ? media : text
  return (
    <>
      {who !== '' && <><bdi class='who'>{who}</bdi>: </>}
      {what === '' ? <code>{name}</code> : <bdi>{what}</bdi>}
    </>
  )
}

/** What was written, in full; '' if nothing was. */
export function textIn (event: unknown): string {
  const { message, conversation } = fieldsOf(event)
  if (message !== null && message !== undefined) return textOf(fieldsOf(message).content)
  const { status, reason } = fieldsOf(conversation)
  return fieldsOf(event).event === 'smsDeliveryReport' ? [status, reason].map(textOf).filter((text) => text !== '').join(': ') : ''
}

export interface Attachment {
  readonly kind: string
  readonly url: string
}

const KINDS = { imageUrl: 'Picture', videoUrl: 'Video', audioUrl: 'Voice note', documentUrl: 'Document' }

/** The files that were sent with it. */
export function attachmentsOf (event: unknown): Attachment[] {
  const message = fieldsOf(fieldsOf(event).message)
  return Object.entries(KINDS).map(([field, kind]) => ({ kind, url: textOf(message[field]) })).filter(({ url }) => url !== '')
}

/** Where a link to it would lead, if it may be one: `javascript:` and the like may not. */
export function hostOf (address: string): string | null {
  try {
    const { protocol, host } = new URL(address)
    return protocol === 'https:' || protocol === 'http:' ? host : null
  } catch {
    return null
  }
}

function fieldsOf (value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}
