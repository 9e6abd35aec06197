import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { discard, reasonOf, replay } from './api'
import { Confirm } from './confirm'
import { isNamed } from './conversation'
import { CopyButtons } from './copy'
import { curlOf, isRedacted } from './curl'
import { Forget } from './forget'
import type { Detail, Row, State } from './types'

export interface Props {
  detail: Detail
  /** The event has changed. */
  changed: () => void
  /** These events are not in the inbox any more, and the one that is shown is among them. */
  remove: (isGone: (row: Row) => boolean) => void
  /** Says it where the event is shown. */
  tell: (text: string) => void
  /** Says it when that is shown no more. */
  say: (text: string) => void
}

const TITLES: Partial<Record<State, string>> = { dead: 'For the listeners that failed', pending: 'It is pending: it is delivered without a replay' }

/** What can be done with one event. */
export function Actions ({ detail, changed, remove, tell, say }: Props): JSX.Element {
  const [asks, ask] = useState<'' | 'discard' | 'forget'>('')
  const { id, state, conversation } = detail

  async function putBack (all: boolean): Promise<void> {
    try {
      tell(await replay([id], { all }) === 1 ? 'The event is delivered again' : 'Nothing was put back: it is pending already, or not in the inbox any more')
      changed()
    } catch (error) {
      tell(reasonOf(error))
    }
  }

  return (
    <>
      <div class='actions'>
        <button type='button' class='primary' disabled={state === 'pending'} title={TITLES[state]} onClick={() => { void putBack(false) }}>Replay</button>
        {state === 'dead' && <button type='button' onClick={() => { void putBack(true) }}>Replay for all listeners</button>}
        <span class='together'>
          <button type='button' class='final' onClick={() => { ask('discard') }}>Discard…</button>
          {isNamed(conversation) && <button type='button' class='final' onClick={() => { ask('forget') }}>Forget conversation…</button>}
        </span>
      </div>
      {asks === 'discard' && <Discard id={id} remove={remove} close={() => { ask('') }} say={say} />}
      {asks === 'forget' && isNamed(conversation) && <Forget conversation={conversation} remove={remove} close={() => { ask('') }} say={say} />}
    </>
  )
}

const CURL = 'Posts the same bytes again. While the inbox has the event as pending or done, the app answers "duplicate" and does not deliver it: use Replay for that. ' +
  'Set ONEROUTE_SECRET, and WEBHOOK_URL if your route is elsewhere. The secret is an argument of openssl: other users of the machine can see it for as long as that runs.'

/** What can be taken from it to elsewhere. */
export function Copies ({ detail: { id, event }, link }: { detail: Detail, link: () => string }): JSX.Element {
  return (
    <CopyButtons
      of={[
        { label: 'Copy link', text: link },
        { label: 'Copy id', text: () => id },
        { label: 'Copy JSON', text: () => JSON.stringify(event, null, 2) },
        { label: 'Copy as curl', title: CURL, text: () => curlOf(event, window.location.origin) }
      ]}
    >
      {isRedacted(event) && <p class='quiet'>What this page hides is <code>[redacted]</code> in the JSON, and <code>null</code> in the curl command: it cannot be sent again from here.</p>}
    </CopyButtons>
  )
}

type DiscardProps = Pick<Props, 'remove' | 'say'> & { id: string, close: () => void }

function Discard ({ id, remove, close, say }: DiscardProps): JSX.Element {
  async function act (): Promise<string> {
    const count = await discard([id])
    remove((row) => row.id === id)
    return count === 1 ? 'The event is discarded' : 'The event was not there any more'
  }
  return (
    <Confirm title='Discard this event?' verb='Discard' isFinal act={act} close={close} say={say}>
      <p>It is removed from the inbox, and not delivered any more. It cannot be brought back. A listener that is at work on it is not stopped.</p>
    </Confirm>
  )
}
