import { useEffect } from 'preact/hooks'

/** Names the tab, and what the browser keeps of it, after what is shown, for as long as it is. */
export function useTitle (what: string): void {
  useEffect(() => {
    const { title } = document
    document.title = `${what} – OneRoute webhooks`
    return () => { document.title = title }
  }, [what])
}
