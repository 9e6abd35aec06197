import type { JSX } from 'preact'
import { useCallback, useState } from 'preact/hooks'

/** What has just been done, shown for some seconds and read out: each time anew, even if it is the same text. Returns it, and what sets it. */
export function useStatus (): [JSX.Element, (text: string) => void] {
  const [{ text, count }, set] = useState({ text: '', count: 0 })
  const say = useCallback((text: string) => { set(({ count }) => ({ text, count: count + 1 })) }, [])
  return [<p class='said' role='status' aria-live='polite' key={count}>{text}</p>, say]
}
