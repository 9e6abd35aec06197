import { useEffect, useState } from 'preact/hooks'
import { findIds, reasonOf } from './api'
import type { Filter } from './types'

export interface Count {
  /** The oldest first; null while they are counted. */
  found: readonly string[] | null
  soFar: number
  scanned: number
  total: number
  problem: string
}

/** Which events fit, the oldest first: counted part by part, if they are not known. */
export function useCount (filter: Filter, ids: readonly string[] | null): Count {
  const [count, setCount] = useState<Count>({ found: ids, soFar: 0, scanned: 0, total: 0, problem: '' })
  useEffect(() => {
    if (ids !== null) return undefined
    const stop = new AbortController()
    countAll(filter, setCount, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) setCount((count) => ({ ...count, problem: reasonOf(error) }))
    })
    return () => { stop.abort() }
  }, [])
  return count
}

async function countAll (filter: Filter, tell: (count: Count) => void, signal: AbortSignal): Promise<void> {
  const found: string[] = []
  let scanned = 0
  for (let before: number | null = null; ;) {
    const page = await findIds(filter, before, signal)
    for (const id of page.ids) found.push(id)
    scanned += page.scanned
    before = page.before
    tell({ found: before === null ? found.toReversed() : null, soFar: found.length, scanned, total: Math.max(scanned, page.total), problem: '' })
    if (before === null) return
  }
}
