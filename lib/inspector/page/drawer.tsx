import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { detailOf, replay } from './api'
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
  say: (text: string) => void
}

/** One event in full. */
export function Drawer ({ id, row, close, say }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
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

  async function putBack (): Promise<void> {
    try {
      const count = await replay(id)
      say(count === 1 ? 'The event is delivered again' : 'The event is pending already')
      setTurn((turn) => turn + 1)
    } catch (error) {
      say(String(error))
    }
  }

  async function copy (): Promise<void> {
    try {
      await navigator.clipboard.writeText(JSON.stringify(detail?.event, null, 2))
      say('Copied')
    } catch {
      say('The browser does not allow to copy here')
    }
  }

  return (
    <dialog class='drawer' ref={dialog} aria-labelledby='drawer-title' onClose={close} onClick={({ target }) => { if (target === dialog.current) dialog.current?.close() }}>
      <div class='inside'>
        <header>
          <h2 id='drawer-title'>{detail?.name ?? row?.name ?? 'Event'} {detail !== null && <Badge state={detail.state} retrying={detail.state === 'pending' && detail.attempts > 0} />}</h2>
          <button type='button' class='plain' aria-label='Close' onClick={() => { dialog.current?.close() }}>✕</button>
        </header>
        {problem !== '' && <p class='problem' role='alert'>{problem}</p>}
        {detail !== null && (
          <>
            <div class='actions'>
              <button type='button' class='primary' disabled={detail.state === 'pending'} onClick={() => { void putBack() }}>Replay</button>
              <button type='button' onClick={() => { void copy() }}>Copy JSON</button>
            </div>
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
