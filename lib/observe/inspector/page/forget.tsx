import type { JSX } from 'preact'
import { forget } from './api'
import { Confirm } from './confirm'
import { isOf } from './conversation'
import { events } from './format'
import type { Row } from './types'

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
