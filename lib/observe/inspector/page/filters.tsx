import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { RangeFields, RangeSelect, hasFields } from './range'
import { NO_FILTER, STATES } from './types'
import type { ChangeFilter, Filter } from './types'

/** Looked for once the typing has paused for this long, in milliseconds. */
const PAUSE = 300

interface Props {
  filter: Filter
  change: ChangeFilter
}

export function isSet (filter: Filter): boolean {
  return Object.values(filter).some((value) => value !== '')
}

export function Filters ({ filter, change }: Props): JSX.Element {
  const [draft, type, apply] = useDraft(filter, change)
  const [isFolded, fold] = useState(true)
  const [asksForRange, askForRange] = useState(false)
  const field = (key: keyof Filter) => ({ value: draft[key], onInput: ({ currentTarget: { value } }: { currentTarget: { value: string } }) => { type({ ...draft, [key]: value }) } })
  return (
    <form class={`filters ${isFolded ? 'folded' : ''}`} role='search' aria-label='Events' onSubmit={(event) => { event.preventDefault(); apply(draft, 'replace') }}>
      <label class='wide'>Text<input id='search' type='search' placeholder='Message, name, number, id or error' title='A part of a message, a name, a number or an error; an id, or its beginning' {...field('text')} /></label>
      <label>State
        <select value={draft.state} onChange={({ currentTarget: { value } }) => { apply({ ...draft, state: value }, 'push') }}>
          <option value=''>all</option>
          {STATES.map((state) => <option key={state} value={state}>{state}</option>)}
        </select>
      </label>
      <button type='button' class='fold' aria-expanded={!isFolded} onClick={() => { fold(!isFolded) }}>{isFolded ? 'More' : 'Less'}</button>
      <label class='foldable'>Event<input type='text' placeholder='newMessage' {...field('name')} /></label>
      <label class='foldable'>Conversation<input type='text' dir='auto' placeholder='its whole id' {...field('conversation')} /></label>
      <RangeSelect filter={draft} isOpen={asksForRange} open={askForRange} change={apply} />
      <button type='button' class='foldable' disabled={!isSet(draft)} onClick={() => { askForRange(false); apply(NO_FILTER, 'push') }}>Clear</button>
      {hasFields(draft, asksForRange) && <RangeFields filter={draft} change={apply} />}
      {/* Without one, Enter does nothing in a form of several fields. */}
      <button type='submit' hidden />
    </form>
  )
}

/** What is pasted has often a space around it. */
function trimmed (filter: Filter): Filter {
  const { name, conversation, text } = filter
  return { ...filter, name: name.trim(), conversation: conversation.trim(), text: text.trim() }
}

function isSame (one: Filter, other: Filter): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** What is typed, which becomes the filter after a pause, or at once by `apply`. */
function useDraft (filter: Filter, change: ChangeFilter): [Filter, (typed: Filter) => void, ChangeFilter] {
  const [draft, setDraft] = useState(filter)
  const known = useRef(filter)
  const timer = useRef<number>(undefined)
  /** The last step of the address was made by typing, which goes on in it. */
  const isTyped = useRef(false)

  function commit (typed: Filter, how: 'push' | 'replace'): void {
    const next = trimmed(typed)
    if (isSame(next, known.current)) return
    known.current = next
    change(next, isTyped.current ? how : 'push')
    isTyped.current = how === 'replace'
  }

  const apply: ChangeFilter = (next, how) => {
    clearTimeout(timer.current)
    setDraft(next)
    commit(next, how)
  }

  useEffect(() => {
    // What comes back of one's own may be older than what has been typed since.
    if (isSame(filter, known.current)) return
    clearTimeout(timer.current)
    known.current = filter
    isTyped.current = false
    setDraft(filter)
  }, [filter])
  useEffect(() => () => { clearTimeout(timer.current) }, [])

  function type (typed: Filter): void {
    setDraft(typed)
    clearTimeout(timer.current)
    timer.current = window.setTimeout(() => { commit(typed, 'replace') }, PAUSE)
  }

  return [draft, type, apply]
}
