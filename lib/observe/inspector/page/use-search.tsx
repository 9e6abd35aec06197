import { useCallback } from 'preact/hooks'
import { find, reasonOf } from './api'
import type { Action } from './list'
import type { Filter, Row } from './types'
import { useLatest } from './use-latest'

/** So many are looked for at a time. */
const SCREENFUL = 50
/** Parts that are asked for again at most, to learn what has changed. */
const MOST_PARTS = 10

interface Search {
  /** Looks for what is older than that, part by part; from the beginning without. */
  load: (from: number | null) => void
  /** Reads again what is not older than `floor`: what has changed there, and what is new. */
  catchUp: (floor: number, newestShown: number) => void
  stop: () => void
}

/** Asks the server, for one thing at a time: what was looked for before is not wanted any more. */
export function useSearch (filter: Filter, act: (action: Action) => void, isHeld: { readonly current: boolean }): Search {
  const { begin, end } = useLatest()

  const run = useCallback(async (work: (signal: AbortSignal) => Promise<void>) => {
    const signal = begin()
    try {
      await work(signal)
      if (!signal.aborted) act({ type: 'end', error: '' })
    } catch (error) {
      if (!signal.aborted) act({ type: 'end', error: reasonOf(error) })
    }
  }, [])

  const load = useCallback((from: number | null) => {
    act(from === null ? { type: 'begin', filter } : { type: 'goOn' })
    void run(async (signal) => {
      let found = 0
      for (let next = from; ;) {
        const page = await find(filter, next, signal)
        if (signal.aborted) return
        act({ type: 'part', page })
        found += page.events.length
        next = page.before
        if (next === null || found >= SCREENFUL) return
      }
    })
  }, [filter])

  const catchUp = useCallback((floor: number, newestShown: number) => {
    act({ type: 'goOn' })
    void run(async (signal) => {
      const rows: Row[] = []
      let next: number | null = null
      for (let parts = 0; parts < MOST_PARTS; parts++) {
        const page = await find(filter, next, signal)
        if (signal.aborted) return
        rows.push(...page.events.filter(({ seq }) => seq >= floor))
        next = page.before
        if (next === null || next <= floor) break
      }
      // As far as that went: what is older stays as it was.
      const reached = Math.max(floor, next ?? 0)
      act(reached <= newestShown ? { type: 'caughtUp', rows, floor: reached, isHeld: isHeld.current } : { type: 'overrun' })
    })
  }, [filter, run])

  return { load, catchUp, stop: end }
}
