// Only SQLite: its tables and indexes. PostgreSQL has others.
import type { SQLInputValue } from 'node:sqlite'
import type { EventFilter, EventState } from '../../inbox.ts'
import { State } from './schema.ts'
import { UNCOUNTED } from './suspects.ts'

/** In the index's own words: without these, SQLite does not take it. */
const notDone = (state: number) => `events INDEXED BY events_not_done WHERE state = ${state} AND state <> ${State.done}`

const SOURCES: Record<EventState | 'any' | 'failing', readonly string[]> = {
  any: ['events WHERE true'],
  done: ['events WHERE true'],
  pending: [notDone(State.live), notDone(State.waiting)],
  dead: [notDone(State.dead)],
  invalid: [notDone(State.invalid)],
  failing: [
    'events INDEXED BY events_failing WHERE attempts > 0 AND finished IS NULL',
    `events INDEXED BY events_suspect WHERE trial IS NOT NULL AND ${UNCOUNTED} = 1 AND attempts = 0`
  ]
}

const CODES: Record<EventState, string> = {
  pending: `${State.live}, ${State.waiting}`, done: String(State.done), dead: String(State.dead), invalid: String(State.invalid)
}

/** What has all events that may be meant, as statements have it behind their FROM. Of several, none has an event of another. */
export function sourcesOf ({ state, failing }: EventFilter): readonly string[] {
  return SOURCES[failing === true ? 'failing' : state ?? 'any']
}

/** An expression, and its values. */
export interface Condition {
  readonly text: string
  readonly values: readonly SQLInputValue[]
}

/** Whether all is true of an event that can be said without its body. matcherOf says what is meant. */
export function conditionOf ({ state, failing, name, conversation, since, until, id }: EventFilter): Condition {
  const texts = ['true']
  const values: SQLInputValue[] = []
  const and = (text: string, ...own: SQLInputValue[]): void => {
    texts.push(text)
    values.push(...own)
  }
  if (state !== undefined) and(`state IN (${CODES[state]})`)
  if (failing === true) and(`state IN (${CODES.pending}) AND attempts + ${UNCOUNTED} > 0`)
  if (name !== undefined) and('name = ?', name)
  if (conversation !== undefined) and('coalesce(home, lane) = ? AND coalesce(home, lane) <> id', conversation)
  if (since !== undefined) and('received >= ?', since.getTime())
  if (until !== undefined) and('received < ?', until.getTime())
  if (id !== undefined) and('substr(id, 1, ?) = ?', id.length, id)
  return { text: texts.join(' AND '), values }
}
