import type { JSX } from 'preact'
import { forget } from './api'
import { Confirm } from './confirm'
import { events } from './format'
import type { Row } from './types'

/** What stands in the place of a conversation that is not to be shown: it cannot be named here. */
const NOT_SHOWN = '[redacted]'
/** Rows have no more of a conversation. */
const SHOWN_IN_ROWS = 500

/** Whether the page knows which conversation it is. */
export function isNamed (conversation: string | null): conversation is string {
  return conversation !== null && conversation !== '' && conversation !== NOT_SHOWN
}

/** Says of a row whether it is of this conversation. */
export function isOf (conversation: string): (row: Row) => boolean {
  const shown = conversation.slice(0, SHOWN_IN_ROWS)
  return (row) => row.conversation === shown
}

interface Props {
  conversation: string
  /** These events are not in the inbox any more. */
  remove: (isGone: (row: Row) => boolean) => void
  close: () => void
  say: (text: string) => void
}

/** Asks before a conversation is forgotten. */
export function Forget ({ conversation, remove, close, say }: Props): JSX.Element {
  async function act (): Promise<string> {
    const count = await forget(conversation)
    remove(isOf(conversation))
    return `The conversation is forgotten: ${events(count)} removed`
  }
  return (
    <Confirm title='Forget this conversation?' verb='Forget conversation' isFinal act={act} close={close} say={say}>
      <p class='named'><code><bdi>{conversation}</bdi></code></p>
      <p>All its events are removed, whatever became of them, with every trace of them in the inbox. They cannot be brought back. Your backups, and what listeners have stored elsewhere, keep what they have.</p>
    </Confirm>
  )
}
