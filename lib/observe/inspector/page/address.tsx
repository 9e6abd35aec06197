import { useCallback, useEffect, useState } from 'preact/hooks'
import { timeOf } from './time-of'
import { NO_FILTER, STATES } from './types'
import type { Filter } from './types'

/** What the page shows; '' is none. It is all in the page's address, to be sent to somebody else. */
export interface Place {
  filter: Filter
  /** The id of the event that is open. */
  event: string
  /** The conversation that is shown in place of the list. */
  thread: string
}

export type Go = (change: Partial<Place>, how?: 'push' | 'replace') => void

/** What is no state or no time is left out, and so are spaces around: whoever follows a link may have typed it. */
export function placeOf (hash: string): Place {
  const query = new URLSearchParams(hash.replace(/^#/, ''))
  const read = (key: string) => query.get(key)?.trim() ?? ''
  const readTime = (key: string) => Number.isNaN(timeOf(read(key))) ? '' : read(key)
  const state = STATES.find((state) => state === read('state')) ?? ''
  return {
    filter: { state, name: read('name'), conversation: read('conversation'), text: read('text'), since: readTime('since'), until: readTime('until') },
    event: read('event'),
    // A conversation may be called so, with the space.
    thread: query.get('thread') ?? ''
  }
}

/** For a link. What is left out is none. */
export function hrefOf ({ filter = NO_FILTER, event = '', thread = '' }: Partial<Place>): string {
  const set = Object.entries({ ...filter, event, thread }).filter(([, value]) => value !== '')
  return `#${new URLSearchParams(set).toString()}`
}

/** Follows links, Back, and what is typed into the address. */
export function usePlace (): [Place, Go] {
  const [hash, setHash] = useState(window.location.hash)
  useEffect(() => {
    const read = () => { setHash(window.location.hash) }
    window.addEventListener('hashchange', read)
    window.addEventListener('popstate', read)
    read() // it may have changed since it was first drawn
    return () => {
      window.removeEventListener('hashchange', read)
      window.removeEventListener('popstate', read)
    }
  }, [])

  const go = useCallback<Go>((change, how = 'push') => {
    const address = hrefOf({ ...placeOf(window.location.hash), ...change })
    if (address === (window.location.hash === '' ? '#' : window.location.hash)) return
    window.history[how === 'push' ? 'pushState' : 'replaceState'](null, '', address)
    setHash(window.location.hash)
  }, [])

  return [usePlaceOf(hash), go]
}

/** The same objects for the same address: what depends on the filter does not begin anew because an event is opened. */
function usePlaceOf (hash: string): Place {
  const [place, setPlace] = useState(() => placeOf(hash))
  const next = placeOf(hash)
  const filter = JSON.stringify(next.filter) === JSON.stringify(place.filter) ? place.filter : next.filter
  if (filter === place.filter && next.event === place.event && next.thread === place.thread) return place
  const changed = { ...next, filter }
  setPlace(changed)
  return changed
}
