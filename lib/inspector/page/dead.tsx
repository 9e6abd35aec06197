import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { find, replayDead } from './api'
import { events } from './format'

/** Asks before all dead events are put back, and says how many those are. */
export function DeadDialog ({ count, close, say }: { count: number, close: () => void, say: (text: string) => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const [isBusy, setBusy] = useState(false)
  useEffect(() => { dialog.current?.showModal() }, [])

  async function putBack (): Promise<void> {
    setBusy(true)
    try {
      // Those that die meanwhile were not in the number.
      const { events: [newest] } = await find({ state: 'dead', name: '', conversation: '', text: '' }, null, new AbortController().signal)
      const replayed = newest === undefined ? 0 : await replayDead(newest.seq)
      say(`${events(replayed)} put back`)
    } catch (error) {
      say(String(error))
    }
    dialog.current?.close()
  }

  return (
    <dialog class='confirm' ref={dialog} aria-labelledby='confirm-title' onClose={close}>
      <h2 id='confirm-title'>Replay {events(count)}?</h2>
      <p>All dead events go to the end of their conversations and are delivered again, with all their attempts. Mend the listener first.</p>
      <div class='actions'>
        <button type='button' onClick={() => { dialog.current?.close() }}>Cancel</button>
        <button type='button' class='primary' disabled={isBusy} onClick={() => { void putBack() }}>Replay {events(count)}</button>
      </div>
    </dialog>
  )
}
