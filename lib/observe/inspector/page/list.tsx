import { fits, fitsBesidesText, isFailing } from './fits'
import type { Filter, Page, Row, Update } from './types'

type Change = Pick<Update, 'events' | 'gone'>

/** The list as it is shown, and what it does not show yet. */
export interface List {
  readonly filter: Filter
  readonly rows: readonly Row[]
  /** New ones, which would move the rows. */
  readonly waiting: readonly Row[]
  /** Rows that are still there although their event is not in the inbox any more. */
  readonly gone: ReadonlySet<string>
  /** New events of which only the server can tell whether they fit. */
  readonly unknown: readonly Row[]
  /** The newest event that was told of: what is newer is new. */
  readonly newest: number
  /** Something came in that was not told of. */
  readonly missed: boolean
  /** So much came in that it does not join what is shown: it has to be looked for from the beginning. */
  readonly overrun: boolean
  /** Events looked at so far, of so many. */
  readonly scanned: number
  readonly total: number
  /** Where to go on: what is older than that has not been looked at. */
  readonly before: number | null
  readonly loading: boolean
  /** Somebody has ended it before there was a screenful. */
  readonly stopped: boolean
  /** What the first part of a search has to take in, since it may have been read before. */
  readonly meanwhile: readonly Change[] | null
  /** What somebody has removed while the server was asked: its answer may be older than that. */
  readonly removed: ReadonlyArray<(row: Row) => boolean>
  readonly error: string
}

export type Action =
  | { type: 'begin', filter: Filter }
  | { type: 'goOn' }
  | { type: 'part', page: Page }
  | { type: 'told', change: Change, isHeld: boolean }
  /** The server was asked again for what is not older than `floor`: these are all that fit. */
  | { type: 'caughtUp', rows: readonly Row[], floor: number, isHeld: boolean }
  | { type: 'missed' }
  | { type: 'overrun' }
  | { type: 'stop' }
  | { type: 'release' }
  | { type: 'remove', isGone: (row: Row) => boolean }
  | { type: 'end', error: string }

export function emptyList (filter: Filter): List {
  return { filter, rows: [], waiting: [], gone: new Set(), unknown: [], newest: 0, missed: false, overrun: false, scanned: 0, total: 0, before: null, loading: true, stopped: false, meanwhile: [], removed: [], error: '' }
}

export function reduce (list: List, action: Action): List {
  switch (action.type) {
    case 'begin': return { ...emptyList(action.filter), rows: list.rows, newest: list.newest }
    case 'goOn': return { ...list, loading: true, stopped: false, removed: [], error: '' }
    case 'part': return withPart(list, { ...action.page, events: stillThere(list, action.page.events) })
    case 'told': return told(list, action.change, action.isHeld)
    case 'caughtUp': return caughtUp(list, { ...action, rows: stillThere(list, action.rows) })
    case 'missed': return { ...list, missed: true, error: '' }
    case 'overrun': return { ...list, missed: false, overrun: true, loading: false }
    case 'stop': return { ...list, rows: list.meanwhile === null ? list.rows : [], meanwhile: null, loading: false, stopped: true }
    case 'release': return released(list)
    case 'remove': return withoutRemoved({ ...list, removed: [...list.removed, action.isGone] })
    case 'end': return { ...list, rows: action.error === '' || list.meanwhile === null ? list.rows : list.rows.filter((row) => fits(row, list.filter) === true), loading: false, error: action.error }
  }
}

function withoutRemoved (list: List): List {
  return { ...list, rows: stillThere(list, list.rows), waiting: stillThere(list, list.waiting) }
}

function stillThere ({ removed }: List, rows: readonly Row[]): Row[] {
  return rows.filter((row) => !removed.some((isGone) => isGone(row)))
}

function withPart (list: List, { events, scanned, before, total }: Page): List {
  const { meanwhile } = list
  if (meanwhile === null) return { ...list, rows: withOlder(list.rows, events), scanned: list.scanned + scanned, before, total }
  const first = { ...list, rows: events, gone: new Set<string>(), scanned, before, total, meanwhile: null }
  return meanwhile.reduce<List>((known, change) => told(known, change, false), first)
}

/** With the next part. Rows at the end may be older than that: an index has found them before. No other row moves. */
function withOlder (rows: readonly Row[], part: readonly Row[]): Row[] {
  const known = new Set(rows.map(({ id }) => id))
  const fresh = part.filter(({ id }) => !known.has(id))
  const [next] = fresh
  if (next === undefined) return [...rows]
  const end = rows.findLastIndex(({ seq }) => seq > next.seq) + 1
  return [...rows.slice(0, end), ...[...rows.slice(end), ...fresh].sort(newestFirst)]
}

function joined (rows: readonly Row[], older: readonly Row[]): Row[] {
  const known = new Set(rows.map(({ id }) => id))
  return [...rows, ...older.filter(({ id }) => !known.has(id))]
}

/** A row that is shown changes where it is; a new one waits if the rows are held, or is shown. */
function told (list: List, change: Change, isHeld: boolean): List {
  if (list.meanwhile !== null) return { ...list, meanwhile: [...list.meanwhile, change] }
  if (change.events.length === 0 && change.gone.length === 0) return list
  const changed = changedRows(list, change)
  const known = new Set(list.rows.map(({ id }) => id))
  // What is older than what was looked at is found when one gets there.
  const fresh = change.events.filter((row) => !known.has(row.id) && row.seq >= (list.before ?? 0))
  const sure = fresh.filter((row) => fits(row, list.filter) === true)
  // What comes first tells of what was there before.
  const isNew = ({ id, seq }: Row) => list.newest > 0 && (seq > list.newest || list.unknown.some((row) => row.id === id))
  const unsure = fresh.filter((row) => fits(row, list.filter) === 'unknown' && isNew(row))
  const newest = Math.max(list.newest, ...change.events.map(({ seq }) => seq))
  const next = { ...changed, newest, waiting: replaced(list.waiting, sure, change), unknown: replaced(list.unknown, unsure, change) }
  return isHeld ? next : released(next)
}

function changedRows (list: List, { events, gone }: Change): List {
  const changes = new Map(events.map((row) => [row.id, row]))
  const rows = list.rows.map((row) => behindNow(changes.get(row.id) ?? row, changes))
  return { ...list, rows, gone: gone.length === 0 ? list.gone : new Set([...list.gone, ...gone]) }
}

/** What it waits for may have changed. */
function behindNow (row: Row, changes: ReadonlyMap<string, Row>): Row {
  const first = row.behind === null ? undefined : changes.get(row.behind.id)
  if (first === undefined) return row
  const { id, attempts, dueAt, error } = first
  return { ...row, behind: isFailing(first) && !first.isAside ? { id, attempts, dueAt, error } : null }
}

function replaced (rows: readonly Row[], fresh: readonly Row[], { events, gone }: Change): Row[] {
  const out = new Set([...events.map(({ id }) => id), ...gone])
  return [...rows.filter(({ id }) => !out.has(id)), ...fresh]
}

function caughtUp (list: List, { rows, floor, isHeld }: Extract<Action, { type: 'caughtUp' }>): List {
  const there = new Set(rows.map(({ id }) => id))
  const gone = [...list.rows, ...list.waiting].filter(({ id, seq }) => seq >= floor && !there.has(id)).map(({ id }) => id)
  const changed = changedRows(list, { events: [...rows], gone })
  const known = new Set(list.rows.map(({ id }) => id))
  const next = { ...changed, waiting: joined(rows.filter(({ id }) => !known.has(id)), list.waiting.filter(({ id }) => !changed.gone.has(id))), unknown: [], missed: false, loading: false }
  return isHeld ? next : released(next)
}

/** The rows as they would be if nothing had held them. */
function released (list: List): List {
  const { rows, waiting, gone, filter } = list
  if (waiting.length === 0 && gone.size === 0 && isInOrder(rows) && rows.every((row) => fitsBesidesText(row, filter))) return list
  const all = joined(waiting, rows).filter((row) => !gone.has(row.id) && fitsBesidesText(row, filter))
  return { ...list, rows: all.sort(newestFirst), waiting: [], gone: new Set() }
}

function newestFirst (a: Row, b: Row): number {
  return b.seq - a.seq
}

function isInOrder (rows: readonly Row[]): boolean {
  return rows.every(({ seq }, i) => seq <= (rows[i - 1]?.seq ?? Infinity))
}
