import type { ComponentChildren, JSX } from 'preact'
import { hrefOf } from './address'
import { number } from './format'
import { relative } from './times'
import { NO_FILTER } from './types'
import type { BulkAsked, Filter, Stats } from './types'

interface Props {
  stats: Stats | null
  filter: Filter
  now: number
  askFor: (asked: BulkAsked) => void
}

/** How many events there are of each state; a click shows those. */
export function Counts ({ stats, filter, now, askFor }: Props): JSX.Element {
  const oldest = stats?.oldestPendingAt
  const dead = stats?.dead ?? 0
  const failing = stats?.failing ?? 0
  const known = (note: string) => stats === null ? '' : note
  const buttons = (['Replay', 'Discard'] as const).map((verb) => (
    <button type='button' class='small' key={verb} aria-label={`${verb} all dead`} disabled={dead === 0} onClick={() => { askFor({ verb, filter: { ...NO_FILTER, state: 'dead' }, ids: null }) }}>{verb}…</button>
  ))
  const count = (name: string, value: number | undefined, note: ComponentChildren, alarm = '') =>
    <Count name={name} value={value} note={note} alarm={alarm} filter={filter} />
  return (
    <section class='counts' aria-label='Inbox'>
      {count('Pending', stats?.pending, oldest == null ? known('nothing waits') : `oldest ${relative(oldest, now)}`)}
      {count('Failing', stats?.failing, failing > 0 ? 'tried again' : known('nothing fails'), failing > 0 ? 'warning' : '')}
      {count('Dead', stats?.dead, buttons, dead > 0 ? 'alarm' : '')}
      {count('Done', stats?.done, 'kept for a while')}
      {count('Invalid', stats?.invalid, 'not of their schema')}
    </section>
  )
}

function Count ({ name, value, note, alarm, filter }: { name: string, value: number | undefined, note: ComponentChildren, alarm: string, filter: Filter }): JSX.Element {
  const state = name.toLowerCase()
  const isSet = filter.state === state
  return (
    <div class={`card count ${alarm}`}>
      <a href={hrefOf({ filter: { ...NO_FILTER, state: isSet ? '' : state } })} aria-current={isSet || undefined} title={isSet ? 'Show all events' : `Show the ${state} ones`}>
        <span class='name'>{name}</span>
        <span class='value'>{value === undefined ? '–' : number(value)}</span>
      </a>
      <span class='note'>{note}</span>
    </div>
  )
}
