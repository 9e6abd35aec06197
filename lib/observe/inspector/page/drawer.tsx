import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Actions } from './actions'
import { detailOf } from './api'
import { Badge } from './badge'
import { Deliveries } from './deliveries'
import { time } from './format'
import { Json } from './json'
import type { Detail, Row } from './types'

interface Props {
  id: string
  /** As the list has it: when that changes, the event is read again. */
  row: Row | undefined
  close: () => void
  remove: (isGone: (row: Row) => boolean) => void
  say: (text: string) => void
}

/** One event in full. */
export function Drawer ({ id, row, close, remove, say }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const gone = useRef<(row: Row) => boolean>(() => false)
  const [detail, setDetail] = useState<Detail | null>(null)
  const [problem, setProblem] = useState('')
  const [turn, setTurn] = useState(0)
  useEffect(() => { dialog.current?.showModal() }, [])
  useEffect(() => {
    let isCurrent = true
    detailOf(id).then(
      (found) => { if (isCurrent) setDetail(found) },
      (error: unknown) => { if (isCurrent) setProblem(String(error)) })
    return () => { isCurrent = false }
  }, [id, turn, row?.state, row?.attempts, row?.seq])

  /** Only now: a row that is gone while the event is shown makes it be read again. */
  function closed (): void {
    close()
    remove(gone.current)
  }

  return (
    <dialog class='drawer' ref={dialog} aria-labelledby='drawer-title' onClose={closed} onClick={({ target }) => { if (target === dialog.current) dialog.current?.close() }}>
      <div class='inside'>
        <header>
          <h2 id='drawer-title'>{detail?.name ?? row?.name ?? 'Event'} {detail !== null && <Badge state={detail.state} retrying={detail.state === 'pending' && detail.attempts > 0} />}</h2>
          <button type='button' class='plain' aria-label='Close' onClick={() => { dialog.current?.close() }}>✕</button>
        </header>
        {problem !== '' && <p class='problem' role='alert'>{problem}</p>}
        {detail !== null && (
          <>
            <Actions detail={detail} changed={() => { setTurn((turn) => turn + 1) }} remove={(isGone) => { gone.current = isGone; dialog.current?.close() }} say={say} />
            <Facts detail={detail} />
            <h3>Deliveries</h3>
            <Deliveries detail={detail} />
            <h3>Event</h3>
            <Json value={detail.event} />
          </>
        )}
      </div>
    </dialog>
  )
}

function Facts ({ detail }: { detail: Detail }): JSX.Element {
  const facts: Array<[string, string | null]> = [
    ['Id', detail.id],
    ['Conversation', detail.lane === detail.id ? null : detail.lane],
    ['Received', time(detail.receivedAt)],
    ['Attempts', String(detail.attempts)],
    ['Next attempt', detail.attempts > 0 && detail.dueAt !== null ? time(detail.dueAt) : null],
    ['Finished', detail.finishedAt && time(detail.finishedAt)],
    ['Error', detail.error]
  ]
  return (
    <dl class='facts'>
      {facts.map(([name, value]) => value !== null && <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  )
}
