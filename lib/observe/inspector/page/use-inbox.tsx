import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { find } from './api'
import { follow } from './follow'
import { appended, merged } from './rows'
import type { Filter, Minute, Row, Stats } from './types'

/** Looked for again this long after an event came in, in milliseconds, if only the server can tell whether it fits. */
const AGAIN_AFTER = 500

export interface Inbox {
  rows: readonly Row[]
  stats: Stats | null
  activity: readonly Minute[]
  connected: boolean
  /** Looked at on the way to the rows that were found. */
  scanned: number
  loading: boolean
  hasMore: boolean
  error: string
  more: () => void
  /** Says which rows are not to be shown any more. */
  remove: (isGone: (row: Row) => boolean) => void
  stop: () => void
}

/** What the page shows, kept up to date by the server. */
export function useInbox (filter: Filter): Inbox {
  const [rows, setRows] = useState<readonly Row[]>([])
  const [stats, setStats] = useState<Stats | null>(null)
  const [activity, setActivity] = useState<readonly Minute[]>([])
  const [connected, setConnected] = useState(false)
  const [scanned, setScanned] = useState(0)
  const [loading, setLoading] = useState(true)
  const [error, setError] = useState('')
  const [before, setBefore] = useState<number | null>(null)
  const [turn, setTurn] = useState(0)
  const search = useRef(new AbortController())
  const latest = useRef(filter)
  latest.current = filter

  const load = useCallback(async (from: number | null) => {
    search.current.abort()
    const { signal } = search.current = new AbortController()
    setLoading(true)
    try {
      let found = 0
      // On and on until there is something to show: the server looks at a part of the inbox at a time.
      for (let next = from, isFirst = true; ; isFirst = false) {
        const page = await find(filter, next, signal)
        const replaces = from === null && isFirst
        setRows((old) => replaces ? page.events : appended(old, page.events))
        setScanned((old) => replaces ? page.scanned : old + page.scanned)
        setBefore(page.before)
        found += page.events.length
        next = page.before
        if (next === null || found > 0) break
      }
      setError('')
      setLoading(false)
    } catch (problem) {
      if (signal.aborted) return
      setError(problem instanceof Error ? problem.message : String(problem))
      setLoading(false)
    }
  }, [filter.state, filter.name, filter.conversation, filter.text])

  useEffect(() => { void load(null) }, [load, turn])

  useEffect(() => {
    let again: number | undefined
    const reload = () => { setTurn((turn) => turn + 1) }
    const close = follow({
      connected: setConnected,
      missed: reload,
      refused: () => { setError('The server tells no more: load the page again') },
      update: (update) => {
        setStats(update.stats)
        setActivity(update.activity)
        setRows((old) => merged(old, update, latest.current))
        if (update.gap) reload()
        if (latest.current.text === '' || update.events.length === 0) return
        clearTimeout(again)
        again = window.setTimeout(reload, AGAIN_AFTER)
      }
    })
    return () => {
      clearTimeout(again)
      close()
    }
  }, [])

  return {
    rows,
    stats,
    activity,
    connected,
    scanned,
    loading,
    hasMore: before !== null,
    error,
    more: () => { if (!loading && before !== null) void load(before) },
    remove: (isGone) => { setRows((old) => old.filter((row) => !isGone(row))) },
    stop: () => {
      search.current.abort()
      setLoading(false)
    }
  }
}
