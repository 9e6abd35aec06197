import { LONGEST_QUERY, REDACTED } from '../page-constants'
import type { Row } from './types'

/** Whether the page knows which conversation it is. */
export function isNamed (conversation: string | null): conversation is string {
  return conversation !== null && conversation !== '' && conversation !== REDACTED
}

/** Whether the page can ask for its events. Of a longer one, rows have one character more than may be asked for. */
export function isReadable (conversation: string | null): conversation is string {
  return isNamed(conversation) && conversation.length <= LONGEST_QUERY
}

/** Says of a row whether it is of this conversation. */
export function isOf (conversation: string): (row: Row) => boolean {
  const shown = conversation.slice(0, LONGEST_QUERY + 1)
  return (row) => row.conversation === shown
}
