import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import { absolute, zone } from './times'
import type { ChangeFilter, Filter } from './types'

const MINUTE = 60_000
const LENGTHS: ReadonlyArray<readonly [name: string, length: number]> = [
  ['last 15 min', 15 * MINUTE], ['last hour', 60 * MINUTE], ['last 24 hours', 1_440 * MINUTE], ['last 7 days', 10_080 * MINUTE]
]

/** "since 26 Nov 2026, 05:57:56 UTC"; '' if there is no range. */
export function rangeInWords ({ since, until }: Pick<Filter, 'since' | 'until'>): string {
  if (since !== '' && until !== '') return `from ${absolute(since)} to ${absolute(until)}`
  if (since !== '') return `since ${absolute(since)}`
  return until === '' ? '' : `before ${absolute(until)}`
}

interface Props {
  filter: Filter
  change: ChangeFilter
}

/** When events came in: the usual ranges. */
export function RangeSelect ({ filter, isOpen, open, change }: Props & { isOpen: boolean, open: (is: boolean) => void }): JSX.Element {
  const chosen = useRef({ length: '', since: '' })
  const isAny = filter.since === '' && filter.until === ''
  const isChosen = filter.until === '' && filter.since === chosen.current.since

  function choose (value: string): void {
    open(value === 'own')
    if (value === 'own') {
      chosen.current = { length: value, since: filter.since }
      return
    }
    const since = value === '' ? '' : new Date(Date.now() - Number(value)).toISOString()
    chosen.current = { length: value, since }
    change({ ...filter, since, until: '' }, 'push')
  }

  return (
    <label class='foldable'>Received
      <select value={isAny ? (isOpen ? 'own' : '') : (isChosen ? chosen.current.length : 'own')} onChange={({ currentTarget: { value } }) => { choose(value) }}>
        <option value=''>at any time</option>
        {LENGTHS.map(([name, length]) => <option key={name} value={String(length)}>{name}</option>)}
        <option value='own'>from – to</option>
      </select>
    </label>
  )
}

/** When events came in: from and to, in the browser's zone, and in words. */
export function RangeFields ({ filter, change }: Props): JSX.Element {
  const field = (key: 'since' | 'until') => (
    <input
      type='datetime-local' step='1' value={localOf(filter[key])}
      onChange={({ currentTarget: { value } }) => { change({ ...filter, [key]: value === '' ? '' : new Date(value).toISOString() }, 'replace') }}
    />
  )
  const words = rangeInWords(filter)
  return (
    <div class='range'>
      <label>From {field('since')}</label>
      <label>to {field('until')}</label>
      <span class='quiet'>{words === '' ? `in ${zone()}, the zone of this browser` : `Received ${words}`}</span>
      <button type='button' class='small' disabled={words === ''} onClick={() => { change({ ...filter, since: '', until: '' }, 'push') }}>At any time</button>
    </div>
  )
}

/** As a field for a local time has it. */
function localOf (date: string): string {
  const at = new Date(date)
  if (Number.isNaN(at.getTime())) return ''
  return new Date(at.getTime() - at.getTimezoneOffset() * MINUTE).toISOString().slice(0, 19)
}
