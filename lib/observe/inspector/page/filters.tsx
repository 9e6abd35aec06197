import type { JSX } from 'preact'
import { STATES } from './types'
import type { Filter } from './types'

interface Props {
  filter: Filter
  change: (filter: Filter) => void
}

export function Filters ({ filter, change }: Props): JSX.Element {
  const set = (key: keyof Filter) => ({ currentTarget: { value } }: { currentTarget: { value: string } }) => { change({ ...filter, [key]: value }) }
  const isSet = Object.values(filter).some((value) => value !== '')
  return (
    <form class='filters' role='search' aria-label='Events' onSubmit={(event) => { event.preventDefault() }}>
      <label class='wide'>Text<input type='search' placeholder='Search…' value={filter.text} onInput={set('text')} /></label>
      <label>State
        <select value={filter.state} onChange={set('state')}>
          <option value=''>all</option>
          {STATES.map((state) => <option key={state} value={state}>{state}</option>)}
        </select>
      </label>
      <label>Event<input type='text' placeholder='newMessage' value={filter.name} onInput={set('name')} /></label>
      <label>Conversation<input type='text' placeholder='its id' value={filter.conversation} onInput={set('conversation')} /></label>
      <button type='button' class='plain' disabled={!isSet} onClick={() => { change({ state: '', name: '', conversation: '', text: '' }) }}>Clear</button>
    </form>
  )
}

/** The filter is a part of the page's address, to be sent to somebody else. */
export function readFilter (): Filter {
  const query = new URLSearchParams(window.location.hash.slice(1))
  const read = (key: keyof Filter) => query.get(key) ?? ''
  return { state: read('state'), name: read('name'), conversation: read('conversation'), text: read('text') }
}

export function writeFilter (filter: Filter): void {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''))
  window.history.replaceState(null, '', `${window.location.pathname}#${query.toString()}`)
}
