import type { ComponentChildren, JSX } from 'preact'
import type { Go } from './address'
import { events, number } from './format'
import { rangeInWords } from './range'
import { timeOf } from './time-of'
import { relative } from './times'
import { NO_FILTER } from './types'
import type { BulkAsked, BulkVerb, Filter, Stats } from './types'
import type { EventList } from './use-list'
import type { Selection } from './use-selection'

const WEEK = 604_800_000
const PENDING = 'Pending events are delivered without a replay'

interface Props {
  list: EventList
  filter: Filter
  isFiltered: boolean
  stats: Stats | null
  selection: Selection
  now: number
  go: Go
  askFor: (asked: BulkAsked) => void
}

/** How far the search is, and what can be done with what it found. */
export function Foot (props: Props): JSX.Element {
  const { list, filter, isFiltered, selection: { chosen, clear }, askFor } = props
  const isEmpty = list.rows.length === 0 && !list.loading && !list.stopped && list.error === ''
  const replayable = chosen.filter(({ state }) => state !== 'pending')
  const ask = (verb: BulkVerb, selected: boolean) => () => { askFor({ verb, filter, ids: selected ? (verb === 'Replay' ? replayable : chosen).map(({ id }) => id) : null }) }
  const isPending = (selected: boolean) => selected ? replayable.length === 0 : filter.state === 'pending' || filter.state === 'failing'
  // What is beside these buttons is not all that fits.
  const whyNot = (verb: BulkVerb, selected: boolean) => selected || list.error === '' ? (verb === 'Replay' && isPending(selected) ? PENDING : undefined) : list.error
  // Nobody means to change all that there is.
  const verbs = (selected: boolean): BulkVerb[] => selected || isFiltered ? ['Replay', 'Discard', 'Export'] : ['Export']
  const buttons = (selected: boolean) => verbs(selected).map((verb) => (
    <button key={verb} type='button' class={verb === 'Discard' ? 'small final' : 'small'} aria-label={`${verb} ${selected ? 'the selected' : 'all that fit'}`} disabled={whyNot(verb, selected) !== undefined || (!selected && list.rows.length === 0)} title={whyNot(verb, selected)} onClick={ask(verb, selected)}>{verb}…</button>
  ))
  if (isEmpty) return <Empty {...props} />
  return (
    <div class='foot'>
      <Progress list={list} isFiltered={isFiltered} />
      {chosen.length > 0
        ? <div class='bulk' role='group' aria-label='Selected events'><b>{number(chosen.length)} selected</b>{buttons(true)}<button type='button' class='small plain' onClick={clear}>Select none</button></div>
        : <div class='bulk' role='group' aria-label='All that fit'><span>{isFiltered ? 'All that fit:' : 'All events:'}</span>{buttons(false)}</div>}
    </div>
  )
}

function Progress ({ list, isFiltered }: { list: EventList, isFiltered: boolean }): JSX.Element {
  const { rows, scanned, total, loading, stopped, before, error } = list
  if (error !== '') return <p class='problem' role='alert'>{error} <button type='button' class='small' onClick={() => { list.goOn() }}>Try again</button></p>
  const looked = isFiltered ? `, ${before === null && !loading ? events(scanned) : `${number(scanned)} of ${number(Math.max(total, scanned))}`} looked at` : ''
  const soFar = rows.length === 0 && scanned === 0 ? 'Looking' : `${events(rows.length)}${looked}`
  if (loading) return <p role='status'>{soFar}… {isFiltered && <button type='button' class='small' onClick={() => { list.stop() }}>Stop</button>}</p>
  if (stopped) return <p role='status'>{events(rows.length)}{looked}, stopped <button type='button' class='small' onClick={() => { list.goOn() }}>Go on</button></p>
  return <p role='status'>{events(rows.length)}{looked}{before === null ? '' : ', more below'}</p>
}

function Empty ({ list, filter, isFiltered, stats, now, go }: Props): JSX.Element {
  return <div class='foot empty' role='status'>{isFiltered ? <NothingFits list={list} filter={filter} now={now} go={go} /> : <NothingThere stats={stats} now={now} />}</div>
}

function NothingFits ({ list, filter, now, go }: Pick<Props, 'list' | 'filter' | 'now' | 'go'>): JSX.Element {
  const range = rangeInWords(filter)
  const isNarrow = filter.until !== '' || (filter.since !== '' && timeOf(filter.since, now) > now - WEEK)
  return (
    <>
      <p>Nothing fits, {events(list.scanned)} looked at{range === '' ? '' : `, received ${range}`}.</p>
      <p class='ways'>
        {isNarrow && <button type='button' onClick={() => { go({ filter: { ...filter, since: '7d', until: '' } }) }}>Look in the last 7 days</button>}
        {range !== '' && <button type='button' onClick={() => { go({ filter: { ...filter, since: '', until: '' } }) }}>Look at any time</button>}
        <button type='button' onClick={() => { go({ filter: NO_FILTER }) }}>Clear the filter</button>
      </p>
    </>
  )
}

function NothingThere ({ stats, now }: { stats: Stats | null, now: number }): ComponentChildren {
  if (stats === null) return <p>No events.</p>
  const history = <p class='quiet'>The memory inbox shows what is finished only with its option <code>history</code>.</p>
  if (stats.lastReceivedAt !== null) return <><p>The inbox is empty. The last event came in {relative(stats.lastReceivedAt, now)}.</p>{history}</>
  return (
    <>
      <p>No events yet.</p>
      <p>Post one with <code>npx fastify-oneroute-webhooks send</code>, or see in your OneRoute account whether the URL of your app is set.</p>
    </>
  )
}
