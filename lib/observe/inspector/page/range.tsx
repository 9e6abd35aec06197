import type { JSX } from 'preact'
import { timeOf } from './time-of'
import { absolute, zone } from './times'
import type { ChangeFilter, Filter } from './types'

const MINUTE = 60_000
const LENGTHS: ReadonlyArray<readonly [since: string, name: string]> = [['15m', 'last 15 min'], ['1h', 'last hour'], ['24h', 'last 24 hours'], ['7d', 'last 7 days']]

/** A usual range: it goes on with the time. */
function isUsual ({ since, until }: Pick<Filter, 'since' | 'until'>): boolean {
  return until === '' && LENGTHS.some(([length]) => length === since)
}

/** "since 26 Nov 2026, 05:57:56 UTC", "in the last hour"; '' if there is no range. */
export function rangeInWords ({ since, until }: Pick<Filter, 'since' | 'until'>): string {
  const usual = LENGTHS.find(([length]) => length === since)
  if (usual !== undefined && until === '') return `in the ${usual[1]}`
  const [from, to] = [since, until].map((one) => one === '' ? '' : absolute(timeOf(one)))
  if (since !== '' && until !== '') return `from ${from} to ${to}`
  if (since !== '') return `since ${from}`
  return until === '' ? '' : `before ${to}`
}

interface Props {
  filter: Filter
  change: ChangeFilter
}

/** Whether From and To are to be seen. */
export function hasFields (filter: Filter, isOpen: boolean): boolean {
  return isOpen || ((filter.since !== '' || filter.until !== '') && !isUsual(filter))
}

/** When events came in: the usual ranges. */
export function RangeSelect ({ filter, isOpen, open, change }: Props & { isOpen: boolean, open: (is: boolean) => void }): JSX.Element {
  function choose (value: string): void {
    open(value === 'own')
    if (value !== 'own') change({ ...filter, since: value, until: '' }, 'push')
  }

  return (
    <label class='foldable'>Received
      <select value={hasFields(filter, isOpen) ? 'own' : filter.since} onChange={({ currentTarget: { value } }) => { choose(value) }}>
        <option value=''>at any time</option>
        {LENGTHS.map(([length, name]) => <option key={length} value={length}>{name}</option>)}
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
  const at = new Date(timeOf(date))
  if (Number.isNaN(at.getTime())) return ''
  return new Date(at.getTime() - at.getTimezoneOffset() * MINUTE).toISOString().slice(0, 19)
}
