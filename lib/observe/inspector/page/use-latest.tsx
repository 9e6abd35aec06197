import { useCallback, useEffect, useRef } from 'preact/hooks'

interface Latest {
  /** Gives up what was begun before. */
  begin: () => AbortSignal
  end: () => void
}

/** One question at a time: what was asked before is not wanted any more, and nothing is once whoever asks is gone. */
export function useLatest (): Latest {
  const last = useRef(new AbortController())
  const begin = useCallback(() => {
    last.current.abort()
    return (last.current = new AbortController()).signal
  }, [])
  const end = useCallback(() => { last.current.abort() }, [])
  useEffect(() => end, [])
  return { begin, end }
}
