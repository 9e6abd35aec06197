import type { JSX } from 'preact'
import { hrefOf } from './address'
import type { Place } from './address'
import { isQuiet, Quiet } from './collected'
import { isReadable } from './conversation'
import { events, number } from './format'
import { Saying } from './said'
import { Due } from './times'
import type { Detail, Row } from './types'

interface Props {
  detail: Detail
  place: Place
  now: number
  /** Until when its burst is waited for, if it is for collectors. */
  until: string | null
}

/** What a pending event waits for, and what waits for it. */
export function Waits ({ detail, place, now, until }: Props): JSX.Element | null {
  const { state, isAside, conversation, waiting: { count, more, isBehind, first } } = detail
  if (state !== 'pending') return null
  if (isAside) return <p class='waits'>Nothing waits for it: it has failed for so long that it is tried beside its conversation.</p>
  if (isQuiet(detail) && !isBehind) return <p class='waits-for'>Its listeners are through. It <Quiet until={until} now={now} />.</p>
  if (!isBehind && count === 0) return null
  const waiting = more ? `${number(count)} or more events` : events(count)
  const of = isReadable(conversation) ? <a href={hrefOf({ ...place, event: '', thread: conversation })}>{waiting} of this conversation</a> : waiting
  return (
    <div class='waits'>
      {first !== null && <p>Waits for <a href={hrefOf({ ...place, event: first.id })}><Saying row={first} /></a><Trouble row={first} now={now} /></p>}
      {isBehind && first === null && <p>Waits for an earlier event.</p>}
      {count > 0 && <p>{of} {count === 1 && !more ? 'waits' : 'wait'} {isBehind ? 'behind it' : 'for it'}</p>}
    </div>
  )
}

/** How an event that others wait for is doing. */
export function Trouble ({ row: { attempts, dueAt }, now }: { row: Pick<Row, 'attempts' | 'dueAt'>, now: number }): JSX.Element {
  if (attempts === 0) return <>, which is delivered first</>
  return <>, which has failed {attempts === 1 ? 'once' : `${number(attempts)} times`}{dueAt !== null && <>; next attempt <Due at={dueAt} now={now} /></>}</>
}
