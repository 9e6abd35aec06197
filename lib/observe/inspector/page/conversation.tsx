import type { Row } from './types'

/** What stands in the place of a conversation that is not to be shown: it cannot be named here. */
const NOT_SHOWN = '[redacted]'
/** A longer one cannot be asked for. Of such a one, rows have one character more than that. */
const LONGEST = 1_000

/** Whether the page knows which conversation it is. */
export function isNamed (conversation: string | null): conversation is string {
  return conversation !== null && conversation !== '' && conversation !== NOT_SHOWN
}

/** Whether the page can ask for its events. */
export function isReadable (conversation: string | null): conversation is string {
  return isNamed(conversation) && conversation.length <= LONGEST
}

/** Says of a row whether it is of this conversation. */
export function isOf (conversation: string): (row: Row) => boolean {
  const shown = conversation.slice(0, LONGEST + 1)
  return (row) => row.conversation === shown
}
