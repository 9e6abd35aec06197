import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { reasonOf } from './api'

interface Props {
  title: string
  /** What the button says that does it. */
  verb: string
  /** Whether there is no way back. */
  isFinal?: boolean
  /** Resolves to what is to be said of it. */
  act: () => Promise<string>
  close: () => void
  say: (text: string) => void
  children: ComponentChildren
}

/** Asks before something is done that is not easily undone. */
export function Confirm ({ title, verb, isFinal = false, act, close, say, children }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const [isBusy, setBusy] = useState(false)
  const id = useId()
  useEffect(() => { dialog.current?.showModal() }, [])

  async function confirmed (): Promise<void> {
    setBusy(true)
    try {
      say(await act())
    } catch (error) {
      say(reasonOf(error))
    }
    dialog.current?.close()
  }

  return (
    <dialog class='confirm' ref={dialog} aria-labelledby={id} onClose={close}>
      <h2 id={id}>{title}</h2>
      {children}
      <div class='actions'>
        <button type='button' onClick={() => { dialog.current?.close() }}>Cancel</button>
        <button type='button' class={isFinal ? 'primary final' : 'primary'} disabled={isBusy} onClick={() => { void confirmed() }}>{verb}</button>
      </div>
    </dialog>
  )
}
