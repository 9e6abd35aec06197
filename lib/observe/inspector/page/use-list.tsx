import { useEffect, useReducer, useRef } from 'preact/hooks'
import { emptyList, reduce } from './list'
import type { List } from './list'
import type { Filter, Row } from './types'
import type { Listen } from './use-feed'
import { useSearch } from './use-search'

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
  const held = useRef(isHeld)
  held.current = isHeld
  const { load, catchUp, stop } = useSearch(filter, act, held)

  useEffect(() => { load(null) }, [load])

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
      stop()
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
