import { timeOf } from './time-of'
import type { Filter, Row } from './types'

/** An id is found by its beginning, if that is not shorter. */
const SHORTEST_ID = 6

/** Whether a row fits the filter. Of its text, a row has only a part: only the server can say for sure that it does not. */
export function fits (row: Row, filter: Filter): boolean | 'unknown' {
  return fitsBesidesText(row, filter) && (filter.text === '' || holds(row, filter.text) || 'unknown')
}

export function fitsBesidesText (row: Row, { state, name, conversation, since, until }: Filter): boolean {
  return hasState(row, state) &&
    (name === '' || row.name === name) &&
    (conversation === '' || row.conversation === conversation) &&
    (since === '' || Date.parse(row.receivedAt) >= timeOf(since)) &&
    (until === '' || Date.parse(row.receivedAt) < timeOf(until))
}

export function isFailing ({ state, attempts }: Pick<Row, 'state' | 'attempts'>): boolean {
  return state === 'pending' && attempts > 0
}

/** '' is any. */
export function hasState (row: Row, state: string): boolean {
  return state === '' || (state === 'failing' ? isFailing(row) : row.state === state)
}

function holds ({ id, name, conversation, who, text, error }: Row, wanted: string): boolean {
  const lower = wanted.toLowerCase()
  return [name, conversation, who, text, error].some((value) => value?.toLowerCase().includes(lower) === true) ||
    (wanted.length >= SHORTEST_ID && id.startsWith(wanted))
}
