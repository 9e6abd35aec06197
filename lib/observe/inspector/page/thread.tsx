import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { hrefOf } from './address'
import type { Go, Place } from './address'
import { Badge } from './badge'
import { isQuiet, lastDue, Quiet } from './collected'
import { isNamed } from './conversation'
import { EventView } from './event-view'
import { isFailing } from './fits'
import { Forget } from './forget'
import { events, number } from './format'
import { Saying } from './said'
import { Due, Time } from './times'
import type { Row } from './types'
import type { Listen } from './use-event'
import { useStillness } from './use-stillness'
import { useSteps } from './use-steps'
import { useThread } from './use-thread'
import { useTitle } from './use-title'
import { Trouble } from './waits'

interface Props {
  place: Place
  now: number
  go: Go
  listen: Listen
  remove: (isGone: (row: Row) => boolean) => void
  say: (text: string) => void
}

/** A conversation, oldest first like a chat, and the event of it that is open. */
export function Thread ({ place, now, go, listen, remove, say }: Props): JSX.Element {
  const { thread: conversation, event } = place
  const thread = useThread(conversation, listen)
  const [asks, ask] = useState(false)
  const { rows } = thread
  const waiting = rows.filter(({ state, isAside }) => state === 'pending' && !isAside)
  const [queue, collected] = [waiting.filter(({ isCollected }) => !isCollected), waiting.filter(({ isCollected }) => isCollected)]
  const untilOf = lastDue(rows)
  const [box, below] = useStillness(rows)
  const step = useSteps(box)
  useTitle(`Conversation ${conversation}`)
  const gone = (isGone: (row: Row) => boolean) => {
    thread.remove(isGone)
    remove(isGone)
  }
  const left = (isGone: (row: Row) => boolean) => {
    gone(isGone)
    go({ thread: '', event: '' })
  }

  return (
    <section class='card thread' aria-labelledby='thread-title'>
      <header>
        <a class='back' href={hrefOf({ filter: place.filter })}>← Back to the list</a>
        <h2 id='thread-title'>Conversation <code><bdi>{conversation}</bdi></code></h2>
        {isNamed(conversation) && rows.length > 0 && <button type='button' class='small final' onClick={() => { ask(true) }}>Forget conversation…</button>}
      </header>
      <Held queue={queue} isAll={!thread.hasEarlier} place={place} now={now} />
      <Held queue={collected} isAll={!thread.hasEarlier} place={place} now={now} />
      <div class='messages' onKeyDown={step} ref={box} tabIndex={0} role='group' aria-label='Its events, oldest first'>
        {thread.hasEarlier && <p class='earlier'><button type='button' class='small' disabled={thread.isLoading} onClick={() => { thread.earlier() }}>Show earlier</button></p>}
        <ol>{rows.map((row) => <Message key={row.id} row={row} queue={row.isCollected ? collected : queue} isAll={!thread.hasEarlier} until={untilOf(row)} place={place} now={now} go={go} />)}</ol>
      </div>
      {below > 0 && <button type='button' class='below' onClick={() => { box.current?.scrollTo(0, box.current.scrollHeight) }}>{number(below)} new below</button>}
      <Foot thread={thread} />
      {asks && <Forget conversation={conversation} remove={left} close={() => { ask(false) }} say={say} />}
      {event !== '' && <EventView id={event} rows={rows} place={place} now={now} go={go} listen={listen} say={say} remove={(isGone) => { if (rows.every(isGone)) left(isGone); else gone(isGone) }} />}
    </section>
  )
}

function Foot ({ thread: { rows, isLoading, hasEarlier, error } }: { thread: ReturnType<typeof useThread> }): JSX.Element {
  if (error !== '') return <p class='foot problem' role='alert'>{error}</p>
  if (isLoading) return <p class='foot' role='status'>Reading…</p>
  if (rows.length === 0) return <p class='foot' role='status'>The inbox has no event of this conversation. What is finished is kept for a while only.</p>
  return <p class='foot' role='status'>{hasEarlier ? `The last ${events(rows.length)}` : events(rows.length)}</p>
}

/** What holds the conversation up, said where it is read first: the event itself may be far above. */
function Held ({ queue, isAll, place, now }: Pick<MessageProps, 'queue' | 'isAll' | 'place' | 'now'>): JSX.Element | null {
  const [first] = queue
  if (first === undefined) return null
  if (isFailing(first)) {
    const count = countBehind(queue)
    if (count === 0) return null
    return <p class='waits held'>{events(count)} {count === 1 ? 'waits' : 'wait'} for <a href={hrefOf({ ...place, event: first.id })}><Saying row={first} /></a><Trouble row={first} now={now} /></p>
  }
  const behind = isAll ? undefined : queue.find((row) => row.behind !== null)?.behind
  if (behind === undefined || behind === null) return null
  return <p class='waits held'>{number(queue.length)} or more events wait for <a href={hrefOf({ ...place, event: behind.id })}>an earlier event</a><Trouble row={behind} now={now} /></p>
}

interface MessageProps {
  row: Row
  /** Those that are delivered one after the other: of its conversation, or of what waits for collectors there. */
  queue: readonly Row[]
  /** Whether all of the conversation is shown. */
  isAll: boolean
  /** Until when its burst is waited for, if it is for collectors. */
  until: string | null
  place: Place
  now: number
  go: Go
}

/** How many wait for the first, which fails: with a burst, all of it has failed. */
function countBehind (queue: readonly Row[]): number {
  return queue.filter((row) => !isFailing(row)).length
}

function Message ({ row, queue, isAll, until, place, now, go }: MessageProps): JSX.Element {
  const { id, name, state, who, media, text, medium, attempts, receivedAt, error } = row
  /** Not after text was marked in it, to be copied. */
  const open = ({ target }: { target: EventTarget | null }) => {
    if (target instanceof Element && target.closest('a') === null && window.getSelection()?.isCollapsed !== false) go({ event: id })
  }
  const isRetried = isFailing(row)
  const named = [who === '' ? name : who, text === '' ? media : text, isRetried ? 'failing' : state].filter((part) => part !== '').join(', ')
  return (
    <li class={`message ${state} ${isRetried ? 'failing' : ''}`} data-id={id} onClick={open}>
      <div class='line'>
        <a href={hrefOf({ ...place, event: id })} aria-label={named}>{who === '' ? <code>{name}</code> : <bdi class='who'>{who}</bdi>}</a>
        <span class='quiet'><Time at={receivedAt} now={now} />{medium !== '' && <> · <bdi>{medium}</bdi></>}</span>
        <span class='became'>{attempts > 1 && <span class='quiet'>{number(attempts)} attempts</span>} <Badge state={state} retrying={isRetried} /></span>
      </div>
      {media !== '' && <p class='media'>{media}</p>}
      {text !== '' && <p class='text' dir='auto'>{text}</p>}
      {error !== null && state !== 'done' && <p class='error' dir='auto'>{error}</p>}
      {state === 'pending' && <Waiting row={row} queue={queue} isAll={isAll} until={until} place={place} now={now} />}
    </li>
  )
}

/** What a pending event waits for, or what waits for it. */
function Waiting ({ row, queue, isAll, until, place, now }: Omit<MessageProps, 'go'>): JSX.Element | null {
  const { attempts, isAside, dueAt, behind } = row
  const next = attempts > 0 && dueAt !== null && <>Next attempt <Due at={dueAt} now={now} />. </>
  if (isAside) return <p class='waits'>{next}Nothing waits for it: it is tried beside its conversation.</p>
  const [first] = queue
  // The first may be earlier than all that is shown.
  if (!isAll && behind !== null && first?.attempts === 0) return <p class='waits-for'>Waits for <a href={hrefOf({ ...place, event: behind.id })}>an earlier event</a><Trouble row={behind} now={now} /></p>
  if (first === undefined || first.attempts === 0) return isQuiet(row) ? <p class='waits-for'>Its listeners are through. It <Quiet until={until} now={now} />.</p> : null
  if (attempts === 0) return <p class='waits-for'>Waits for <a href={hrefOf({ ...place, event: first.id })}><Saying row={first} /></a><Trouble row={first} now={now} /></p>
  const count = countBehind(queue)
  return <p class='waits'>{next}{count > 0 && `${events(count)} ${count === 1 ? 'waits' : 'wait'} for it.`}</p>
}
