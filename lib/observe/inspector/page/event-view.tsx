import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Actions, Copies } from './actions'
import { hrefOf } from './address'
import type { Go, Place } from './address'
import { Badge } from './badge'
import { lastDue } from './collected'
import { isReadable } from './conversation'
import { Deliveries } from './deliveries'
import { Facts } from './facts'
import { Json } from './json'
import { SHORT } from './line'
import { Said } from './said-in-full'
import type { Row } from './types'
import { useEvent } from './use-event'
import type { Listen } from './use-event'
import { useStatus } from './use-status'
import { useTitle } from './use-title'
import { Waits } from './waits'

interface Props {
  id: string
  /** As they are shown: the events before and after this one. */
  rows: readonly Row[]
  place: Place
  now: number
  go: Go
  listen: Listen
  remove: (isGone: (row: Row) => boolean) => void
  say: (text: string) => void
}

/** One event in full. */
export function EventView ({ id, rows, place, now, go, listen, remove, say }: Props): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null)
  const dialog = useDialog(heading, () => { go({ event: '' }) })
  const { detail, problem, isGone, reload } = useEvent(id, listen, (whole) => { go({ event: whole }, 'replace') })
  const [status, tell] = useStatus()
  const at = rows.findIndex((row) => row.id === id)
  const shown = detail ?? rows[at]
  const [before, after] = at === -1 ? [undefined, undefined] : [rows[at - 1], rows[at + 1]]
  const show = (row: Row | undefined) => { if (row !== undefined) go({ event: row.id }, 'replace') }
  const [back, on] = [() => { show(before) }, () => { show(after) }]
  useKeys({ k: back, ArrowLeft: back, j: on, ArrowRight: on, c: () => { if (shown !== undefined && isReadable(shown.conversation)) go({ event: '', thread: shown.conversation }) } })
  useTitle(`${shown?.name ?? 'Event'} ${id.slice(0, SHORT)}`)

  useEffect(() => {
    tell('')
    dialog.current?.scrollTo(0, 0)
    // What had it may be gone with the event that was shown before.
    if (dialog.current?.contains(document.activeElement) !== true) heading.current?.focus()
  }, [shown?.id])

  return (
    <dialog class='drawer event-view' ref={dialog} aria-labelledby='event-title' onClick={({ target }) => { if (target === dialog.current) dialog.current?.close() }}>
      <div class='inside'>
        <header>
          <h2 id='event-title' tabIndex={-1} ref={heading} aria-live='polite'>{shown === undefined ? 'Event' : <Title shown={shown} />}</h2>
          <nav aria-label='Events'>
            <button type='button' class='plain' aria-label='Previous event' title='Previous event (k)' aria-disabled={before === undefined} onClick={back}>↑</button>
            <button type='button' class='plain' aria-label='Next event' title='Next event (j)' aria-disabled={after === undefined} onClick={on}>↓</button>
            <button type='button' class='plain' aria-label='Close' title='Close (Escape)' onClick={() => { dialog.current?.close() }}>✕</button>
          </nav>
        </header>
        {problem !== '' && <p class='problem' role='alert'>{problem}{!isGone && <> <button type='button' class='small' onClick={reload}>Try again</button></>}</p>}
        {detail !== null && (
          <div key={id}>
            <Said detail={detail} />
            <Waits detail={detail} place={place} now={now} until={lastDue(rows)(detail)} />
            {problem === '' && <Actions detail={detail} changed={reload} remove={(isGone) => { remove(isGone); dialog.current?.close() }} tell={tell} say={say} />}
            <h3>Facts</h3>
            <Facts detail={detail} place={place} now={now} />
            <Copies detail={detail} link={() => new URL(hrefOf({ event: id }), window.location.href).href} />
            <h3>Deliveries</h3>
            <Deliveries detail={detail} now={now} />
            <h3>Event</h3>
            <Json value={detail.event} />
          </div>
        )}
      </div>
      {status}
    </dialog>
  )
}

function Title ({ shown: { name, state, who, medium, attempts } }: { shown: Pick<Row, 'name' | 'state' | 'who' | 'medium' | 'attempts'> }): JSX.Element {
  return (
    <>
      <Badge state={state} retrying={state === 'pending' && attempts > 0} />{' '}
      {who === '' ? <bdi>{name}</bdi> : <><bdi class='who'>{who}</bdi> <span class='quiet'><bdi>{name}</bdi>{medium !== '' && <> · <bdi>{medium}</bdi></>}</span></>}
    </>
  )
}

interface Ref<T> {
  readonly current: T | null
}

/**
 * A dialog that is open for as long as it is there; what has the focus first is given. Calls back when it is closed by whoever looks, not when
 * the page takes it away.
 */
function useDialog (first: Ref<HTMLElement>, closed: () => void): Ref<HTMLDialogElement> {
  const dialog = useRef<HTMLDialogElement>(null)
  // Before it is taken away: only a dialog that is still there gives the focus back.
  useLayoutEffect(() => {
    const element = dialog.current
    if (element === null) return undefined
    element.showModal()
    first.current?.focus()
    element.addEventListener('close', closed)
    return () => {
      element.removeEventListener('close', closed)
      element.close()
    }
  }, [])
  return dialog
}

/** Keys that lead elsewhere, wherever the focus is in this event. */
function useKeys (keys: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { key, target, ctrlKey, metaKey, altKey, shiftKey } = event
      const isElsewhere = target instanceof Element && target.closest('input, select, textarea, .confirm') !== null
      const act = keys[key]
      if (act === undefined || ctrlKey || metaKey || altKey || shiftKey || isElsewhere) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', press)
    return () => { document.removeEventListener('keydown', press) }
  })
}
