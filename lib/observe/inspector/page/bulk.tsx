import type { JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { reasonOf } from './api'
import { changeAll, exportAll } from './change-all'
import { isSet } from './filters'
import { events, number } from './format'
import { rangeInWords } from './range'
import type { BulkAsked, BulkVerb, Filter, Row } from './types'
import { useCount } from './use-count'
import type { Count } from './use-count'

interface Props {
  asked: BulkAsked
  remove: (isGone: (row: Row) => boolean) => void
  close: () => void
  say: (text: string) => void
}

const MEANS: Record<BulkVerb, string> = {
  Replay: 'They go to the end of their conversations, and are delivered again with all their attempts: a dead one to the listeners that failed, a done one to all. Pending ones stay as they are. Mend the listener first.',
  Discard: 'They are removed from the inbox, and not delivered any more. They cannot be brought back. A listener that is at work on one is not stopped.',
  Export: 'A line of JSON for each, the newest first. What the inspector redacts is redacted there, too.'
}

/** Asks before something is done with many events: how many those are, and what is done. */
export function BulkDialog ({ asked, remove, close, say }: Props): JSX.Element {
  const { verb, filter, ids } = asked
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const count = useCount(filter, ids)
  const [acted, setActed] = useState<number | null>(null)
  const isCancelled = useRef(false)
  useEffect(() => { dialog.current?.showModal() }, [])

  async function confirmed (): Promise<void> {
    const cancelled = () => isCancelled.current
    try {
      say(verb === 'Export' ? await exportAll(asked, setActed, cancelled) : await changeAll({ verb, ids: count.found ?? [], state: ids === null ? filter.state : '', remove, acted: setActed, isCancelled: cancelled }))
    } catch (error) {
      say(reasonOf(error))
    }
    dialog.current?.close()
  }

  const what = count.found === null ? null : events(count.found.length)
  // An export may begin before one knows how many they are: it needs no ids.
  const isReady = verb === 'Export' ? count.found?.length !== 0 : count.found !== null && count.found.length > 0
  return (
    <dialog class='confirm' ref={dialog} aria-labelledby={id} onClose={() => { isCancelled.current = true; close() }}>
      <h2 id={id}>{what === null ? `${verb} all that fit` : `${verb} ${what}?`}</h2>
      {ids === null && <Terms filter={filter} />}
      <p>{MEANS[verb]}</p>
      <Progress verb={verb} count={count} acted={acted} />
      <div class='actions'>
        <button type='button' onClick={() => { dialog.current?.close() }}>Cancel</button>
        <button type='button' class={verb === 'Discard' ? 'primary final' : 'primary'} disabled={!isReady || acted !== null} onClick={() => { void confirmed() }}>{what === null ? verb : `${verb} ${what}`}</button>
      </div>
    </dialog>
  )
}

function Progress ({ verb, count: { found, soFar, scanned, total, problem }, acted }: { verb: BulkVerb, count: Count, acted: number | null }): JSX.Element {
  if (problem !== '') return <p class='progress problem' role='alert'>{problem}</p>
  if (found === null) return <p class='progress' role='status'>Counting: {events(soFar)}, {number(scanned)} of {number(total)} looked at…</p>
  if (acted === null) return <p class='progress' role='status' />
  return (
    <>
      <p class='progress' role='status'>{number(Math.min(acted, found.length))} of {events(found.length)}…</p>
      <progress max={found.length} value={acted} aria-label={verb} />
    </>
  )
}

function Terms ({ filter }: { filter: Filter }): JSX.Element {
  const { state, name, conversation, text } = filter
  const terms = Object.entries({ State: state, Event: name, Conversation: conversation, Text: text, Received: rangeInWords(filter) }).filter(([, value]) => value !== '')
  if (!isSet(filter)) return <p><b>All events of the inbox.</b></p>
  return <dl class='terms'>{terms.map(([term, value]) => <div key={term}><dt>{term}</dt><dd><bdi>{value}</bdi></dd></div>)}</dl>
}
