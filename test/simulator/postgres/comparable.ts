import type { Row } from '../../../lib/inbox/postgres/query.ts'
import type { Stored } from './clocked-server.ts'
import type { Tables } from './tables.ts'

/** Rows whose order is no one's promise, and times as both servers have them. */
export function comparable (rows: readonly Row[]): Row[] {
  return rows.map(withTime).map(withSortedNumbers).sort((a, b) => compare(String(a.lane), String(b.lane)) || Number(a.seq) - Number(b.seq))
}

function compare (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The last row of a turn says up to when the server has looked. */
function withTime (row: Row): Row {
  const { lane, seq, body } = row
  return lane === null && seq === null && body?.includes(':') === true ? { ...row, body: String(Date.parse(`${body}:00`)) } : row
}

function withSortedNumbers (row: Row): Row {
  const { removed, noted } = row
  if (noted != null) return { ...row, noted: JSON.stringify((JSON.parse(noted) as string[]).sort()) }
  return removed == null ? row : { ...row, removed: removed.slice(1, -1).split(',').sort().join() }
}

export function storedIn ({ events, pending, finished, lanes, completions, totals }: Tables): Stored {
  const bySeq = <T extends { readonly seq: number }> (rows: Iterable<T>) => [...rows].sort((a, b) => a.seq - b.seq)
  return {
    events: bySeq(events.values()),
    pending: bySeq(pending.values()),
    finished: bySeq(finished.values()),
    lanes: [...lanes.values()].sort((a, b) => compare(a.lane, b.lane)),
    completions: [...completions].flatMap(([born, listeners]) => [...listeners].map((listener) => ({ born, listener }))).sort((a, b) => a.born - b.born || compare(a.listener, b.listener)),
    totals
  }
}
