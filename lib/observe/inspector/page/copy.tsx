import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** How long a button says that it has copied, in milliseconds. */
const SAID_FOR = 2_000

interface Props {
  label: string
  title?: string | undefined
  text: () => string
}

/** A button that copies. Where the browser does not let it, what there is to copy is shown, ready to be copied by hand. */
export function Copy ({ label, title, text }: Props): JSX.Element {
  const [state, setState] = useState<'' | 'copied' | 'by hand'>('')
  useEffect(() => {
    if (state !== 'copied') return undefined
    const timer = setTimeout(() => { setState('') }, SAID_FOR)
    return () => { clearTimeout(timer) }
  }, [state])

  async function copy (): Promise<void> {
    try {
      await navigator.clipboard.writeText(text()) // there is none on a page that came over plain http from another machine
      setState('copied')
    } catch {
      setState('by hand')
    }
  }

  return (
    <>
      <button type='button' class='small' title={title} onClick={() => { void copy() }}>{label}</button>
      <span role='status' class='copied'>{state === 'copied' && 'Copied'}</span>
      {state === 'by hand' && <ByHand label={label} text={text()} close={() => { setState('') }} />}
    </>
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
