import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { whenOver } from './api'
import { follow } from './follow'
import type { Activity, Stats, Update } from './types'

/** The server tells something every second: after this long without, in milliseconds, it does not answer. */
const LONGEST_SILENCE = 10_000

export type Listen = (told: (update: Update) => void) => () => void

export interface Feed {
  stats: Stats | null
  activity: Activity | null
  connected: boolean
  /** The server tells this page no more. */
  refused: boolean
  /** When the server told something last, in milliseconds since the epoch; null if it never has. */
  heardAt: number | null
  /** Calls back with each update, and returns what ends that. One with a `gap` comes if updates may have been missed. */
  listen: Listen
}

/** What the server tells, for as long as the page is open. */
export function useFeed (): Feed {
  const [last, setLast] = useState<Pick<Feed, 'stats' | 'activity' | 'heardAt'>>({ stats: null, activity: null, heardAt: null })
  const [connected, setConnected] = useState(false)
  const [refused, setRefused] = useState(false)
  const listeners = useRef(new Set<(update: Update) => void>())

  useEffect(() => {
    let latest: Update | undefined
    const tell = (update: Update) => { for (const told of listeners.current) told(update) }
    const over = () => {
      setConnected(false)
      setRefused(true)
    }
    const unfollow = follow({
      connected: setConnected,
      missed: () => { if (latest !== undefined) tell({ ...latest, events: [], gone: [], gap: true }) },
      refused: over,
      update: (update) => {
        latest = update
        setLast({ stats: update.stats, activity: update.activity, heardAt: Date.now() })
        tell(update)
      }
    })
    const unwatch = whenOver(() => {
      unfollow()
      over()
    })
    return () => {
      unfollow()
      unwatch()
    }
  }, [])

  const listen = useCallback<Listen>((told) => {
    listeners.current.add(told)
    return () => { listeners.current.delete(told) }
  }, [])

  return { ...last, connected, refused, listen }
}

/** Whether the app has not answered for so long that one should know. */
export function isSilent ({ heardAt, connected }: Feed, now: number): boolean {
  return heardAt !== null && (!connected || now - heardAt > LONGEST_SILENCE)
}
