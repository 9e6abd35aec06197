import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

const KEYS = [
  ['/', 'search'],
  ['↓ ↑ or j k', 'next and previous event'],
  ['Enter', 'open the event'],
  ['c', 'show its conversation'],
  ['x or Space', 'select it; with Shift all from the one before'],
  ['Escape', 'close, go back to the list, or select none'],
  ['?', 'these keys']
]

type Act = (event: KeyboardEvent) => void

/** Keys that work wherever one is, but while one types or a dialog is open. */
export function useKeys (keys: Readonly<Record<string, Act>>): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]') !== null) return
      latest.current[event.key]?.(event)
    }
    window.addEventListener('keydown', press)
    return () => { window.removeEventListener('keydown', press) }
  }, [])
}

function isTyping (target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type="checkbox"]), select, textarea'))
}

export function KeysDialog ({ close }: { close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => { dialog.current?.showModal() }, [])
  return (
    <dialog class='confirm' ref={dialog} aria-labelledby='keys-title' onClose={close}>
      <h2 id='keys-title'>Keys</h2>
      <dl class='keys-list'>{KEYS.map(([key, does]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div>)}</dl>
      <div class='actions'><button type='button' onClick={() => { dialog.current?.close() }}>Close</button></div>
    </dialog>
  )
}
