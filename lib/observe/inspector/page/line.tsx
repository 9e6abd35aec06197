import type { JSX } from 'preact'
import { hrefOf } from './address'
import { Badge } from './badge'
import { isQuiet, Quiet } from './collected'
import { isReadable } from './conversation'
import { isFailing } from './fits'
import { Due, Time, absolute } from './times'
import type { Filter, Row } from './types'

/** Characters of an id that are shown where there is little room. */
export const SHORT = 8

interface Props {
  row: Row
  at: number
  rowHeight: number
  now: number
  /** Until when its burst is waited for, if it is for collectors. */
  until: string | null
  filter: Filter
  isActive: boolean
  isSelected: boolean
  /** Its event is not in the inbox any more. */
  isGone: boolean
  open: () => void
  /** The keyboard goes on from this row. */
  activate: () => void
  select: (isRange: boolean) => void
}

/** One event in the list. What others wrote is isolated: it turns nothing beside it around. */
export function Line ({ row, at, rowHeight, now, until, filter, isActive, isSelected, isGone, open, activate, select }: Props): JSX.Element {
  return (
    <div
      class={`row ${isGone ? 'gone' : ''}`} role='row' id={`row-${row.seq}`} aria-rowindex={at + 2} aria-selected={isSelected} data-active={isActive}
      style={{ transform: `translateY(${at * rowHeight}px)` }}
      onClick={({ target }) => { if (target instanceof Element && target.closest('a, label') === null) open() }}
    >
      <div role='gridcell' class='select'><label><input type='checkbox' tabIndex={-1} aria-label={`Select ${row.id.slice(0, SHORT)}`} checked={isSelected} onClick={({ shiftKey }) => { select(shiftKey) }} /></label></div>
      <div role='gridcell' class='state'><Badge state={row.state} retrying={isFailing(row)} /></div>
      <div role='gridcell' class='event'>
        <a tabIndex={-1} href={hrefOf({ filter, event: row.id })} title={row.id}><bdi>{row.name}</bdi></a>
        {row.medium !== '' && <small><bdi>{row.medium}</bdi></small>}
      </div>
      <div role='gridcell' class='from'><bdi title={row.who}>{row.who}</bdi></div>
      <div role='gridcell' class='content'>
        <div class='said-there'>{row.media !== '' && <span class='media'>{row.media}</span>}<bdi>{row.text}</bdi>{row.media === '' && row.text === '' && <span class='quiet'>(no text)</span>}</div>
        <Note row={row} now={now} until={until} filter={filter} isGone={isGone} />
      </div>
      <div role='gridcell' class='conversation'>
        {isReadable(row.conversation) ? <a tabIndex={-1} href={hrefOf({ filter, thread: row.conversation })} title={`All of conversation ${row.conversation}`} onClick={activate}><bdi>{row.conversation}</bdi></a> : <bdi>{row.conversation}</bdi>}
      </div>
      <div role='gridcell' class='attempts'>{row.attempts}</div>
      <div role='gridcell' class='age' title={absolute(row.receivedAt)}><Time at={row.receivedAt} now={now} brief /></div>
    </div>
  )
}

/** What one should know about it at a glance. */
function Note ({ row, now, until, filter, isGone }: Pick<Props, 'row' | 'now' | 'until' | 'filter' | 'isGone'>): JSX.Element | null {
  const { behind, error, attempts, dueAt, state } = row
  if (isGone) return <small>not in the inbox any more</small>
  if (behind !== null) {
    return (
      <small class='waits-for'>
        waits for <a tabIndex={-1} href={hrefOf({ filter, event: behind.id })} title={behind.error ?? undefined}>{behind.id.slice(0, SHORT)}</a>, which has failed {times(behind.attempts)}
      </small>
    )
  }
  if (isQuiet(row)) return <small class='quiet' title={error ?? undefined}><Quiet until={until} now={now} />{error !== null && <>; <bdi class='error'>{error}</bdi></>}</small>
  if (isFailing(row)) {
    return (
      <small class='fails' title={error ?? undefined}>
        failed {times(attempts)}{dueAt !== null && <>, next try <Due at={dueAt} now={now} /></>}{row.isAside && ', beside its conversation'}{error !== null && <>: <bdi class='error'>{error}</bdi></>}
      </small>
    )
  }
  return error === null || state === 'done' ? null : <small title={error}><bdi class='error'>{error}</bdi></small>
}

function times (count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
