import { useEffect, useRef, useState } from 'preact/hooks'
import { follow } from './follow'
import type { Activity, Stats, Update } from './types'

/** The server tells something every second: after this long without, in milliseconds, it does not answer. */
const LONGEST_SILENCE = 10_000

export interface Feed {
  stats: Stats | null
  activity: Activity | null
  connected: boolean
  /** It is told no more: nobody is to look, or the app is another one. */
  refused: boolean
  /** When the server told something last, in milliseconds since the epoch; null if it never has. */
  heardAt: number | null
  isSilent: (now: number) => boolean
}

/** What the server tells of the whole inbox; each update goes on to `told`, too. */
export function useFeed (told: (update: Update) => void, missed: () => void): Feed {
  const [stats, setStats] = useState<Stats | null>(null)
  const [activity, setActivity] = useState<Activity | null>(null)
  const [connected, setConnected] = useState(false)
  const [refused, setRefused] = useState(false)
  const [heardAt, setHeardAt] = useState<number | null>(null)
  const latest = useRef({ told, missed })
  latest.current = { told, missed }

  useEffect(() => follow({
    connected: setConnected,
    missed: () => { latest.current.missed() },
    refused: () => { setRefused(true) },
    update: (update) => {
      setHeardAt(Date.now())
      setStats(update.stats)
      setActivity(update.activity)
      latest.current.told(update)
    }
  }), [])

  return { stats, activity, connected, refused, heardAt, isSilent: (now) => heardAt !== null && (!connected || now - heardAt > LONGEST_SILENCE) }
}
