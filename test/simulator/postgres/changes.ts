import { BLOCKS } from '../../../lib/inbox/postgres/sql/discard.ts'
import { LOST } from '../../../lib/inbox/postgres/sql/complete.ts'
import { State } from '../../../lib/inbox/postgres/sql/states.ts'
import { newPending } from './tables.ts'
import type { FinishedRow, Held, Noted, Tables } from './tables.ts'

export interface Completion extends Held {
  readonly seq: number
  readonly listener: string
}

/** As `sql/complete.ts`, up to the insert: what it is to insert. */
export function completionOf ({ lanes, pending, events }: Tables, { holder, claim, lane, seq, listener }: Completion): Noted {
  const row = lanes.get(lane)
  const event = events.get(seq)
  if (row?.holder !== holder || row.claim !== claim || event === undefined || !pending.has(seq)) throw new Error(LOST)
  return { id: event.id, born: event.born, listener, seq, by: { holder, claim, lane } }
}

/** The rest of it: by now, no other transaction has inserted the same that may be committed or not. */
export function expectNew ({ completions }: Tables, { born, listener }: Noted): void {
  if (completions.get(born)?.has(listener) === true) throw new Error(LOST)
}

/** What was inserted is there for all. */
export function commitCompletion ({ completions }: Tables, { born, listener }: Noted): void {
  completions.set(born, (completions.get(born) ?? new Set()).add(listener))
}

/** As `sql/renew.ts`. Returns what the holder has still. */
export function renew (tables: Tables, holder: string, lanes: readonly string[], claims: readonly number[], lease: number): Array<Pick<Held, 'lane' | 'claim'>> {
  return [...tables.lanes.values()].flatMap((row) => {
    if (row.holder !== holder || row.claim === null || !lanes.includes(row.lane) || !claims.includes(row.claim)) return []
    row.due = tables.now + lease
    return [{ lane: row.lane, claim: row.claim }]
  })
}

/** As `sql/release.ts`. */
export function release (tables: Tables, holder: string, claims: readonly number[]): void {
  for (const row of tables.lanes.values()) {
    if (row.holder !== holder || row.claim === null || !claims.includes(row.claim)) continue
    Object.assign(row, { holder: null, claim: null, due: tables.now })
    const first = row.suspect ? tables.first(row) : undefined
    if (first?.trial === 1) first.trial = 0
  }
}

export function unreserve (tables: Tables, holder: string, lanes: readonly string[]): void {
  for (const row of tables.lanes.values()) {
    if (row.holder !== holder || row.claim !== null || !lanes.includes(row.lane)) continue
    Object.assign(row, { holder: null, due: Math.max(row.due, tables.now) })
  }
}

/** As `sql/recovering.ts`. */
export function isRecovering ({ lanes, now }: Tables): boolean {
  return [...lanes.values()].some(({ suspect, due, claim }) => suspect || (due <= now && claim !== null))
}

/** As `sql/replay.ts`. Returns how many. */
export function replay (tables: Tables, ids: readonly string[], all: boolean): number {
  const rows = tables.eventsOf([...new Set(ids)]).filter(({ seq }) => tables.finished.has(seq)).sort((a, b) => a.seq - b.seq)
  tables.enterLanes(rows.map(({ lane }) => lane))
  for (const event of rows) {
    const old = tables.finished.get(event.seq)
    if (old === undefined) continue
    tables.finished.delete(event.seq)
    tables.events.delete(event.seq)
    const seq = tables.next()
    const isInvalid = old.state === State.invalid
    if (all || old.state !== State.dead) tables.completions.delete(event.born)
    tables.events.set(seq, { ...event, seq, problems: isInvalid ? null : event.problems })
    tables.pending.set(seq, {
      ...newPending(seq, event),
      completed: old.state === State.dead && !all ? withoutRefused(old.completed) : null,
      error: isInvalid ? event.problems?.replaceAll('\n', '; ') ?? null : old.error,
      deliveries: old.deliveries
    })
    uncount(tables, old)
    tables.totals.pending++
  }
  return rows.length
}

function withoutRefused (completed: string | null): string | null {
  const at = completed?.indexOf('],"refused":[') ?? -1
  return completed === null || at === -1 ? completed : `${completed.slice(0, at + 1)}}`
}

function uncount ({ totals }: Tables, { state }: FinishedRow): void {
  totals[state === State.done ? 'done' : state === State.dead ? 'dead' : 'invalid']--
}

/** As `sql/discard.ts`. Returns the numbers of those that are gone. */
export function discard (tables: Tables, ids: readonly string[]): number[] {
  const rows = tables.eventsOf([...new Set(ids)])
  const lanes = new Set(rows.flatMap(({ seq }) => tables.pending.get(seq)?.lane ?? []))
  for (const { seq, born } of rows) {
    tables.events.delete(seq)
    tables.completions.delete(born)
    const finished = tables.finished.get(seq)
    if (finished !== undefined) uncount(tables, finished)
    else tables.totals.pending--
    tables.finished.delete(seq)
    tables.pending.delete(seq)
  }
  for (const lane of rows.length === 0 ? [] : lanes) goOnWithout(tables, lane)
  return rows.map(({ seq }) => seq)
}

/** A lane that is claimed stays as it is until it is settled. */
export function goOnWithout (tables: Tables, lane: string): void {
  const row = tables.lanes.get(lane)
  if (row === undefined || row.claim !== null) return
  const first = tables.first(row)
  if (first === undefined) tables.lanes.delete(lane)
  else {
    const due = tables.firstDue(row)
    row.due = Math.max(tables.now, Math.min(row.due, due ?? tables.now))
    if (due === null) row.holder = null
  }
}

/** All of a lane is in the first blocks: nothing is left to look through after that. */
export function forget (tables: Tables, lane: string, after: number, most: number): { removed: number[], last: number | null } {
  const later = [...tables.events.values()].filter(({ seq }) => seq > after)
  const found = later.filter((event) => event.lane === lane).sort((a, b) => a.seq - b.seq).slice(0, most)
  const block = Math.min(...later.map(({ seq }) => seq)) >> 15
  const last = found.length === most ? Number(found.at(-1)?.seq) : later.length === 0 ? null : (block + BLOCKS) * 2 ** 15 - 1
  return { removed: discard(tables, found.map(({ id }) => id)), last }
}
