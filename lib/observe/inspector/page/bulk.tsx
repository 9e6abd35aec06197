import type { JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { discard, exportAddress, exported, findIds, replay } from './api'
import { isSet } from './filters'
import { events, number } from './format'
import { rangeInWords } from './range'
import { save } from './save'
import type { Filter, Row } from './types'

/** So many are asked for at a time. */
const AT_ONCE = 500

export type BulkVerb = 'Replay' | 'Discard' | 'Export'

export interface BulkAsked {
  verb: BulkVerb
  filter: Filter
  /** The selected ones, the oldest first; null for all that fit the filter. */
  ids: readonly string[] | null
}

interface Props extends BulkAsked {
  remove: (isGone: (row: Row) => boolean) => void
  close: () => void
  say: (text: string) => void
}

const DONE: Record<BulkVerb, string> = { Replay: 'put back', Discard: 'discarded', Export: 'exported' }
const MEANS: Record<BulkVerb, string> = {
  Replay: 'They go to the end of their conversations, and are delivered again with all their attempts: a dead one to the listeners that failed, a done one to all. Pending ones stay as they are. Mend the listener first.',
  Discard: 'They are removed from the inbox, and not delivered any more. They cannot be brought back. A listener that is at work on one is not stopped.',
  Export: 'A line of JSON for each, the newest first. What the inspector redacts is redacted there, too.'
}

/** Asks before something is done with many events: how many those are, and what is done. It is done part by part. */
export function BulkDialog ({ verb, filter, ids, remove, close, say }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const count = useCount(filter, ids)
  const [acted, setActed] = useState<number | null>(null)
  const isCancelled = useRef(false)
  useEffect(() => { dialog.current?.showModal() }, [])

  /** What has been done stays done when somebody cancels: the part that is on its way is waited for. */
  async function change (all: readonly string[]): Promise<string> {
    let changed = 0
    setActed(0)
    for (let at = 0; at < all.length && !isCancelled.current; at += AT_ONCE) {
      const part = all.slice(at, at + AT_ONCE)
      changed += verb === 'Replay' ? await replay(part) : await discard(part)
      if (verb === 'Discard') removeAll(part)
      setActed(at + part.length)
    }
    return `${isCancelled.current ? 'Cancelled: ' : ''}${events(changed)} ${DONE[verb]}`
  }

  function removeAll (part: readonly string[]): void {
    const gone = new Set(part)
    remove((row) => gone.has(row.id))
  }

  async function exportAll (): Promise<string> {
    if (ids === null) return save(exportAddress(filter))
    setActed(0)
    const parts: Blob[] = []
    // The file has the newest first.
    const all = ids.toReversed()
    for (let at = 0; at < all.length; at += AT_ONCE) {
      parts.push(await exported(all.slice(at, at + AT_ONCE)))
      setActed(at + AT_ONCE)
    }
    return save(URL.createObjectURL(new Blob(parts, { type: 'application/x-ndjson' })), `${events(all.length)} exported`)
  }

  async function confirmed (): Promise<void> {
    try {
      say(verb === 'Export' ? await exportAll() : await change(count.found ?? []))
    } catch (error) {
      say(String(error))
    }
    dialog.current?.close()
  }

  const what = count.found === null ? null : events(count.found.length)
  const isReady = verb === 'Export' ? count.found?.length !== 0 : count.found !== null && count.found.length > 0
  return (
    <dialog class='confirm' ref={dialog} aria-labelledby={id} onClose={() => { isCancelled.current = true; close() }}>
      <h2 id={id}>{what === null ? `${verb} all that fit` : `${verb} ${what}?`}</h2>
      {ids === null && <Terms filter={filter} />}
      <p>{MEANS[verb]}</p>
      <p class='progress' role='status'>
        {count.problem !== '' && <span class='problem'>{count.problem}</span>}
        {count.problem === '' && count.found === null && `Counting: ${events(count.soFar)}, ${number(count.scanned)} of ${number(count.total)} looked at…`}
        {acted !== null && count.found !== null && `${number(Math.min(acted, count.found.length))} of ${what}…`}
      </p>
      {acted !== null && count.found !== null && <progress max={count.found.length} value={acted} aria-label={verb} />}
      <div class='actions'>
        <button type='button' onClick={() => { dialog.current?.close() }}>Cancel</button>
        <button type='button' class={verb === 'Discard' ? 'primary final' : 'primary'} disabled={!isReady || acted !== null} onClick={() => { void confirmed() }}>{what === null ? verb : `${verb} ${what}`}</button>
      </div>
    </dialog>
  )
}

interface Count {
  /** The oldest first; null while they are counted. */
  found: readonly string[] | null
  soFar: number
  scanned: number
  total: number
  problem: string
}

function useCount (filter: Filter, ids: readonly string[] | null): Count {
  const [count, setCount] = useState<Count>({ found: ids, soFar: 0, scanned: 0, total: 0, problem: '' })
  useEffect(() => {
    if (ids !== null) return undefined
    const stop = new AbortController()
    countAll(filter, setCount, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) setCount((count) => ({ ...count, problem: String(error) }))
    })
    return () => { stop.abort() }
  }, [])
  return count
}

async function countAll (filter: Filter, tell: (count: Count) => void, signal: AbortSignal): Promise<void> {
  const found: string[] = []
  let scanned = 0
  for (let before: number | null = null; ;) {
    const page = await findIds(filter, before, signal)
    for (const id of page.ids) found.push(id)
    scanned += page.scanned
    before = page.before
    tell({ found: before === null ? found.toReversed() : null, soFar: found.length, scanned, total: Math.max(scanned, page.total), problem: '' })
    if (before === null) return
  }
}

function Terms ({ filter }: { filter: Filter }): JSX.Element {
  const { state, name, conversation, text } = filter
  const terms = Object.entries({ State: state, Event: name, Conversation: conversation, Text: text, Received: rangeInWords(filter) }).filter(([, value]) => value !== '')
  if (!isSet(filter)) return <p><b>All events of the inbox.</b></p>
  return <dl class='terms'>{terms.map(([term, value]) => <div key={term}><dt>{term}</dt><dd><bdi>{value}</bdi></dd></div>)}</dl>
}
