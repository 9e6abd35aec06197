import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { discard, forget, replay } from './api'
import { Confirm } from './confirm'
import { events } from './format'
import type { Detail, Row } from './types'

/** What stands in the place of a conversation that is not to be shown: it cannot be named here. */
const NOT_SHOWN = '[redacted]'
/** Rows have no more of a conversation. */
const SHOWN_IN_ROWS = 500

interface Props {
  detail: Detail
  /** The event has changed. */
  changed: () => void
  /** These events are not in the inbox any more, and the one that is shown is among them. */
  remove: (isGone: (row: Row) => boolean) => void
  say: (text: string) => void
}

/** What can be done with one event. */
export function Actions ({ detail, changed, remove, say }: Props): JSX.Element {
  const [asks, ask] = useState<'' | 'discard' | 'forget'>('')
  const { id, state, lane } = detail

  async function putBack (all: boolean): Promise<void> {
    try {
      say(await replay(id, all) === 1 ? 'The event is delivered again' : 'The event is pending already')
      changed()
    } catch (error) {
      say(String(error))
    }
  }

  return (
    <>
      <div class='actions'>
        <button type='button' class='primary' disabled={state === 'pending'} title={state === 'dead' ? 'For the listeners that failed' : undefined} onClick={() => { void putBack(false) }}>Replay</button>
        {state === 'dead' && <button type='button' onClick={() => { void putBack(true) }}>Replay for all listeners</button>}
        <button type='button' onClick={() => { void copy(detail, say) }}>Copy JSON</button>
        <span class='together'>
          <button type='button' class='final' onClick={() => { ask('discard') }}>Discard…</button>
          {lane !== id && lane !== NOT_SHOWN && <button type='button' class='final' onClick={() => { ask('forget') }}>Forget conversation…</button>}
        </span>
      </div>
      {asks === 'discard' && <Discard id={id} remove={remove} close={() => { ask('') }} say={say} />}
      {asks === 'forget' && <Forget conversation={lane} remove={remove} close={() => { ask('') }} say={say} />}
    </>
  )
}

async function copy ({ event }: Detail, say: Props['say']): Promise<void> {
  try {
    await navigator.clipboard.writeText(JSON.stringify(event, null, 2))
    say('Copied')
  } catch {
    say('The browser does not allow to copy here')
  }
}

type Asked<T> = Pick<Props, 'remove' | 'say'> & T & { close: () => void }

function Discard ({ id, remove, close, say }: Asked<{ id: string }>): JSX.Element {
  async function act (): Promise<string> {
    const count = await discard(id)
    remove((row) => row.id === id)
    return count === 1 ? 'The event is discarded' : 'The event was not there any more'
  }
  return (
    <Confirm title='Discard this event?' verb='Discard' isFinal act={act} close={close} say={say}>
      <p>It is removed from the inbox, and not delivered any more. It cannot be brought back. A listener that is at work on it is not stopped.</p>
    </Confirm>
  )
}

function Forget ({ conversation, remove, close, say }: Asked<{ conversation: string }>): JSX.Element {
  async function act (): Promise<string> {
    const count = await forget(conversation)
    remove((row) => row.conversation === conversation.slice(0, SHOWN_IN_ROWS))
    return `The conversation is forgotten: ${events(count)} removed`
  }
  return (
    <Confirm title='Forget this conversation?' verb='Forget conversation' isFinal act={act} close={close} say={say}>
      <p class='named'><code>{conversation}</code></p>
      <p>All its events are removed, whatever became of them, with every trace of them in the inbox. They cannot be brought back. Your backups, and what listeners have stored elsewhere, keep what they have.</p>
    </Confirm>
  )
}
