import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** How long a button says that it has copied, in milliseconds. */
const SAID_FOR = 2_000

export interface Copyable {
  label: string
  title?: string
  text: () => string
}

interface Pressed {
  label: string
  text: string
  /** Otherwise the browser did not allow it. */
  isCopied: boolean
}

/** Buttons that copy. Where the browser does not let them, what there is to copy is shown below them, ready to be copied by hand. */
export function CopyButtons ({ of, children }: { of: readonly Copyable[], children?: ComponentChildren }): JSX.Element {
  const [pressed, press] = useState<Pressed | null>(null)
  useEffect(() => {
    if (pressed?.isCopied !== true) return undefined
    const timer = setTimeout(() => { press(null) }, SAID_FOR)
    return () => { clearTimeout(timer) }
  }, [pressed])

  async function copy (label: string, text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text) // there is none on a page that came over plain http from another machine
      press({ label, text, isCopied: true })
    } catch {
      press({ label, text, isCopied: false })
    }
  }

  return (
    <div class='copies'>
      {of.map(({ label, title, text }) => (
        <span key={label} class='copy'>
          <button type='button' class='small' title={title} onClick={() => { void copy(label, text()) }}>{label}</button>
          <span role='status' class='copied'>{pressed?.isCopied === true && pressed.label === label && 'Copied'}</span>
        </span>
      ))}
      {children}
      {pressed?.isCopied === false && <ByHand key={pressed.label} {...pressed} close={() => { press(null) }} />}
    </div>
  )
}

function ByHand ({ label, text, close }: { label: string, text: string, close: () => void }): JSX.Element {
  const box = useRef<HTMLTextAreaElement>(null)
  useEffect(() => { box.current?.select() }, [])
  return (
    <span class='by-hand'>
      <label>{label}: this browser allows no copying here. Copy it with Ctrl+C or ⌘C.<textarea readOnly rows={4} ref={box} value={text} /></label>
      <button type='button' class='small' onClick={close}>Done</button>
    </span>
  )
}
