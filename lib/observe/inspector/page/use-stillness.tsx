import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** Closer to the end than this, in pixels, all is in sight. */
const NEAR = 40

interface Keyed {
  readonly id: string
  readonly seq: number
}

/**
 * Of a box that shows these, each in an element with its `data-id`: what is read stays where it is, whatever comes before or after it.
 * Shows the last at first. Returns the box, and how many came in below what is in sight.
 */
export function useStillness (rows: readonly Keyed[]): [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null)
  const still = useRef<{ element: Element, top: number } | null>(null)
  const isPlaced = useRef(false)
  const [seen, setSeen] = useState(0)
  const last = useRef(0)
  last.current = rows.at(-1)?.seq ?? 0

  /** Notes the first that is in sight, and whether the last one is. */
  function look (): void {
    const element = box.current
    if (element === null) return
    const { top } = element.getBoundingClientRect()
    const first = Array.from(element.querySelectorAll('[data-id]')).find((child) => child.getBoundingClientRect().bottom > top)
    still.current = first === undefined ? null : { element: first, top: first.getBoundingClientRect().top }
    if (element.scrollHeight - element.scrollTop - element.clientHeight < NEAR) setSeen((seen) => Math.max(seen, last.current))
  }

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    if (still.current?.element.isConnected === true) element.scrollTop += still.current.element.getBoundingClientRect().top - still.current.top
    else if (!isPlaced.current) element.scrollTop = element.scrollHeight
    isPlaced.current ||= rows.length > 0
    look()
  }, [rows])

  useLayoutEffect(() => {
    const element = box.current
    element?.addEventListener('scroll', look, { passive: true })
    return () => { element?.removeEventListener('scroll', look) }
  }, [])

  return [box, rows.filter(({ seq }) => seq > seen).length]
}
