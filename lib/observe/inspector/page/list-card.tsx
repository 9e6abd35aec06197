import type { JSX } from 'preact'
import type { Go } from './address'
import { Filters, isSet } from './filters'
import { Foot } from './foot'
import { events, number } from './format'
import { Grid } from './grid'
import type { BulkAsked, Filter, Stats } from './types'
import type { EventList } from './use-list'
import type { Selection } from './use-selection'

interface Props {
  filter: Filter
  go: Go
  list: EventList
  stats: Stats | null
  selection: Selection
  now: number
  active: string
  setActive: (id: string) => void
  setScrolled: (is: boolean) => void
  setHovered: (is: boolean) => void
  askFor: (asked: BulkAsked) => void
}

/** The events that fit the filter, and what can be done with them. */
export function ListCard ({ filter, go, list, stats, selection, now, active, setActive, setScrolled, setHovered, askFor }: Props): JSX.Element {
  return (
    <section class='card list' aria-label='Events'>
      <Filters filter={filter} change={(changed, how) => { go({ filter: changed }, how) }} />
      <div class='stage' onPointerEnter={({ pointerType }) => { setHovered(pointerType === 'mouse') }} onPointerLeave={() => { setHovered(false) }}>
        <Grid
          list={list} filter={filter} selection={selection} now={now} active={active} setActive={setActive} go={go}
          setScrolled={setScrolled} onEnd={() => { list.more() }}
        />
        <News list={list} />
      </div>
      <Foot list={list} filter={filter} isFiltered={isSet(filter)} stats={stats} selection={selection} now={now} go={go} askFor={askFor} />
    </section>
  )
}

/** What has come in and is not shown, so that no row moves away from under the pointer. */
function News ({ list }: { list: EventList }): JSX.Element {
  const { waiting, overrun, unknown, missed, filter } = list
  // That shows what waits, too.
  const asksToLook = filter.text !== '' && missed
  return (
    <div class='news' role='status'>
      {!asksToLook && (waiting.length > 0 || overrun) && <button type='button' class='primary' onClick={() => { list.release() }}>{overrun ? 'Many new' : `${number(waiting.length)} new`}</button>}
      {(asksToLook || (filter.text !== '' && unknown.length > 0)) && (
        <button type='button' disabled={list.loading} onClick={() => { list.again() }}>{missed ? 'More has come in since' : `${events(unknown.length)} came in since`}: look again</button>
      )}
    </div>
  )
}
