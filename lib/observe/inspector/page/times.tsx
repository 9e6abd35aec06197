import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const STORED_AS = 'oneroute-webhooks:times'
const UNITS: ReadonlyArray<readonly [name: string, seconds: number]> = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]]
/** The server's clock may be ahead of this one, and the page's is read every few seconds only. */
const CLOCKS_DIFFER = 5
/** In milliseconds. */
const HALF_A_DAY = 43_200_000
const DATE = { day: 'numeric', month: 'short' } as const
const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
/** The page is in English, wherever it is read. */
const FULL = new Intl.DateTimeFormat('en-GB', { ...DATE, year: 'numeric', ...CLOCK, timeZoneName: 'short' })
const HOURS = new Intl.DateTimeFormat('en-GB', CLOCK)
const BRIEF = new Intl.DateTimeFormat('en-GB', { ...DATE, ...CLOCK })

let isAbsolute = read()
const listeners = new Set<(is: boolean) => void>()

/** "26 Nov 2026, 05:57:56 UTC", in the browser's zone. */
export function absolute (at: string | number): string {
  return FULL.format(new Date(at))
}

/** "3 min ago", "in 3 min". */
export function relative (at: string | number, now: number): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1_000)
  if (seconds >= 0 && seconds < CLOCKS_DIFFER) return 'now'
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['s', 1]
  const amount = `${Math.floor(Math.abs(seconds) / size)} ${unit}`
  return seconds < 0 ? `${amount} ago` : `in ${amount}`
}

/** "UTC", "GMT+1": the browser's zone. */
export function zone (at: string | number = Date.now()): string {
  return FULL.formatToParts(new Date(at)).find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

interface Props {
  at: string
  /** Milliseconds since the epoch. */
  now: number
  /** Without year and zone, where room is scarce: they are in the title. */
  brief?: boolean
}

/** A time as the switch says, with the other form in its title. */
export function Time ({ at, now, brief = false }: Props): JSX.Element {
  const [is] = useAbsolute()
  const long = absolute(at)
  const since = relative(at, now)
  const shown = brief ? BRIEF.format(new Date(at)) : long
  return <time class='time' dateTime={at} title={is ? `${since}${brief ? `, ${long}` : ''}` : long}>{is ? shown : since}</time>
}

/** A time in both forms: one to be pasted elsewhere, one to be read. Nothing is in a title, which a phone does not show. */
export function FullTime ({ at, now }: Pick<Props, 'at' | 'now'>): JSX.Element {
  return <time dateTime={at}><span class='time'>{absolute(at)}</span> <span class='time quiet'>({relative(at, now)})</span></time>
}

/** When something is due: "now" once that time has come. */
export function Due ({ at, now }: Props): JSX.Element {
  if (Date.parse(at) <= now) return <time class='time' dateTime={at} title={absolute(at)}>now</time>
  return <Time at={at} now={now} />
}

/** Until when something waits, by the clock: with its day if that is far away. */
export function Until ({ at, now }: Props): JSX.Element {
  const shown = (Date.parse(at) - now > HALF_A_DAY ? BRIEF : HOURS).format(new Date(at))
  return <time class='time' dateTime={at} title={absolute(at)}>{shown}</time>
}

/** Shows all times of the page in one way or the other, and remembers which. */
export function TimeSwitch (): JSX.Element {
  const [is, set] = useAbsolute()
  return <button type='button' class='small' aria-pressed={is} title='Show times as dates, with their zone' onClick={() => { set(!is) }}>{`Exact times, ${zone()}`}</button>
}

function useAbsolute (): [boolean, (is: boolean) => void] {
  const [is, set] = useState(isAbsolute)
  useEffect(() => {
    listeners.add(set)
    return () => { listeners.delete(set) }
  }, [])
  return [is, change]
}

function change (is: boolean): void {
  isAbsolute = is
  try {
    localStorage.setItem(STORED_AS, is ? 'absolute' : 'relative')
  } catch {} // the browser may be told to keep nothing: then it holds until the page is closed
  for (const listener of listeners) listener(is)
}

function read (): boolean {
  try {
    return localStorage.getItem(STORED_AS) === 'absolute'
  } catch {
    return false
  }
}
