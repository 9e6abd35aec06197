import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { usePlace } from './address'
import { BulkDialog } from './bulk'
import { Chart } from './chart'
import { Counts } from './counts'
import { EventView } from './event-view'
import { Header } from './header'
import { KeysDialog, useKeys } from './keys'
import { ListCard } from './list-card'
import { Thread } from './thread'
import type { BulkAsked } from './types'
import { useFeed } from './use-feed'
import { useList } from './use-list'
import { useSelection } from './use-selection'
import { useStatus } from './use-status'

export function App (): JSX.Element {
  const [place, go] = usePlace()
  const { filter } = place
  const now = useNow()
  const feed = useFeed()
  const [isHovered, setHovered] = useState(false)
  const [isScrolled, setScrolled] = useState(false)
  const [hasSelected, setHasSelected] = useState(false)
  const list = useList(filter, isHovered || isScrolled || hasSelected || place.event !== '', feed.listen)
  const selection = useSelection(list.rows, filter)
  useEffect(() => { setHasSelected(selection.ids.size > 0) }, [selection.ids])
  const [active, setActive] = useState('')
  const [asked, askFor] = useState<BulkAsked | null>(null)
  const [showsKeys, showKeys] = useState(false)
  const [status, say] = useStatus()

  /** What has the focus when the list is shown again; '' as long as nothing else was. */
  const next = useRef('')
  const leave = (to: string) => {
    next.current = to
    go({ thread: '', event: '' })
  }
  useEffect(() => {
    if (place.thread !== '') next.current = '.grid'
    else if (next.current !== '') focus(next.current)
  }, [place.thread])

  useKeys({
    '/': (event) => {
      event.preventDefault()
      if (place.thread === '') focus('#search')
      else leave('#search')
    },
    '?': () => { showKeys(true) },
    Escape: () => { if (place.thread === '') selection.clear(); else leave('.grid') },
    ...Object.fromEntries(['ArrowDown', 'ArrowUp', 'j', 'k'].map((key) => [key, (event: KeyboardEvent) => { if (event.target === document.body) { event.preventDefault(); focus('.grid, .messages') } }]))
  })

  const about = { place, now, go, listen: feed.listen, remove: list.remove, say }
  return (
    <>
      <Header feed={feed} now={now} showKeys={() => { showKeys(true) }} />
      <main>
        <div class='overview'>
          <Counts stats={feed.stats} filter={filter} now={now} askFor={askFor} />
          <Chart activity={feed.activity} filter={filter} pick={(since, until) => { go({ filter: { ...filter, since: new Date(since).toISOString(), until: new Date(until).toISOString() }, thread: '' }) }} />
        </div>
        {place.thread === ''
          ? (
            <ListCard
              filter={filter} go={go} list={list} stats={feed.stats} selection={selection} now={now} active={active} setActive={setActive}
              setScrolled={setScrolled} setHovered={setHovered} askFor={askFor}
            />)
          : <Thread key={place.thread} {...about} />}
      </main>
      {place.event !== '' && place.thread === '' && <EventView id={place.event} rows={list.rows} {...about} />}
      {asked !== null && <BulkDialog asked={asked} remove={list.remove} close={() => { askFor(null) }} say={(text) => { selection.clear(); say(text) }} />}
      {showsKeys && <KeysDialog close={() => { showKeys(false) }} />}
      {status}
    </>
  )
}

function focus (selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus()
}

/** The time, every second. */
function useNow (): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => { setNow(Date.now()) }, 1_000)
    return () => { clearInterval(timer) }
  }, [])
  return now
}
