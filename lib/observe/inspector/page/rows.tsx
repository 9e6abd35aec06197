import type { Filter, Row, Update } from './types'

/**
 * Rows with those that are new or have changed, newest first. What is gone goes, and what no longer fits the filter, unless only its
 * text could tell.
 */
export function merged (rows: readonly Row[], { events: changes, gone }: Pick<Update, 'events' | 'gone'>, filter: Filter): Row[] {
  if (changes.length === 0 && gone.length === 0) return [...rows]
  const removed = new Set(gone)
  const changed = new Map(changes.map((row) => [row.id, row]))
  const known = new Set(rows.map(({ id }) => id))
  const oldest = rows.at(-1)?.seq ?? 0
  const kept = rows.filter(({ id }) => !removed.has(id)).map((row) => changed.get(row.id) ?? row)
  // What only the server can look for, it is asked for.
  const fresh = filter.text === '' ? changes.filter((row) => !known.has(row.id) && row.seq > oldest) : []
  return [...kept, ...fresh].filter((row) => fits(row, filter)).sort((a, b) => b.seq - a.seq)
}

function fits (row: Row, { state, name, conversation }: Filter): boolean {
  return (state === '' || row.state === state) && (name === '' || row.name === name) && (conversation === '' || row.conversation === conversation)
}

/** Those of the next page, behind those that are there. */
export function appended (rows: readonly Row[], page: readonly Row[]): Row[] {
  const known = new Set(rows.map(({ id }) => id))
  return [...rows, ...page.filter(({ id }) => !known.has(id))]
}
