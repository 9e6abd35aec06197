import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks'
import { Refusal, find } from './api'
import { emptyList, reduce } from './list'
import type { List } from './list'
import type { Filter, Row } from './types'
import type { Listen } from './use-feed'

/** So many are looked for at a time. */
const SCREENFUL = 50
/** Parts that are asked for again at most, to learn what has changed. */
const MOST_PARTS = 10

export interface EventList extends List {
  /** Goes on with what is older. */
  more: () => void
  stop: () => void
  /** Goes on where it was stopped. */
  goOn: () => void
  /** Looks for what came in since, or from the beginning. */
  again: () => void
  /** Shows what waits. */
  release: () => void
  /** Says which rows are not to be shown any more. */
  remove: (isGone: (row: Row) => boolean) => void
}

/** The events that fit: looked for part by part, and kept up to date by what the server tells. */
export function useList (filter: Filter, isHeld: boolean, listen: Listen): EventList {
  const [list, act] = useReducer(reduce, filter, emptyList)
  const search = useRef(new AbortController())
  const held = useRef(isHeld)
  held.current = isHeld

  /** Whatever was looked for before is not wanted any more. */
  const run = useCallback(async (work: (signal: AbortSignal) => Promise<void>) => {
    search.current.abort()
    const { signal } = search.current = new AbortController()
    try {
      await work(signal)
      if (!signal.aborted) act({ type: 'end', error: '' })
    } catch (error) {
      if (!signal.aborted) act({ type: 'end', error: error instanceof Refusal ? error.message : 'The app does not answer.' })
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

  useEffect(() => {
    load(null)
    return () => { search.current.abort() }
  }, [load])

  /** Reads again what is not older than `floor`: what has changed there, and what is new. */
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
      act(reached <= newestShown ? { type: 'caughtUp', rows, floor: reached, isHeld: held.current } : { type: 'overrun' })
    })
  }, [filter, run])

  useEffect(() => listen((update) => {
    act({ type: 'told', change: update, isHeld: held.current })
    if (update.gap) act({ type: 'missed' })
  }), [listen])

  const newestShown = list.rows[0]?.seq ?? Infinity
  const isUnread = list.meanwhile !== null
  // A text is looked for again only if somebody asks: it may take long.
  const catchesUp = list.missed && !list.loading && list.error === '' && (filter.text === '' || isUnread)
  useEffect(() => {
    if (catchesUp && isUnread) load(null)
    else if (catchesUp) catchUp(list.before ?? 0, newestShown)
  }, [catchesUp])
  useEffect(() => {
    if (isHeld) return
    if (list.overrun) load(null)
    else act({ type: 'release' })
  }, [isHeld, list.overrun])

  return {
    ...list,
    more: () => { if (!list.loading && list.before !== null && !list.stopped && list.error === '') load(list.before) },
    stop: () => {
      search.current.abort()
      act({ type: 'stop' })
    },
    goOn: () => { load(list.before) },
    again: () => {
      if (list.missed || list.unknown.length === 0) load(null)
      else catchUp(Math.min(...list.unknown.map(({ seq }) => seq)), Infinity)
    },
    release: () => {
      if (list.overrun) load(null)
      else act({ type: 'release' })
    },
    remove: (isGone) => { act({ type: 'remove', isGone }) }
  }
}
