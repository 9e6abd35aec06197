import { useEffect } from 'preact/hooks'

/** Keys that go from one link to the next, and how far. */
const STEPS: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }

interface Box {
  readonly current: HTMLElement | null
}

/** Gives a box the focus, unless a dialog has it; returns what its keys do: they go from one message in it to the next. */
export function useSteps (box: Box): (event: KeyboardEvent) => void {
  useEffect(() => { if (document.querySelector('dialog[open]') === null) box.current?.focus({ preventScroll: true }) }, [])

  return (event) => {
    const { key, ctrlKey, metaKey, altKey } = event
    const step = STEPS[key]
    if (box.current === null || step === undefined || ctrlKey || metaKey || altKey) return
    const messages = Array.from(box.current.querySelectorAll<HTMLElement>('[data-id]'))
    const at = messages.findIndex((message) => message.contains(document.activeElement))
    const { bottom } = box.current.getBoundingClientRect()
    // From nowhere, it begins with the last that is in sight.
    const to = at === -1 ? messages.findLastIndex((message) => message.getBoundingClientRect().bottom <= bottom) : at + step
    messages[to]?.querySelector('a')?.focus()
    event.preventDefault()
  }
}
