import type { Row } from '../../../lib/inbox/postgres/query.ts'
import { State } from '../../../lib/inbox/postgres/sql/states.ts'
import type { EventRow, Tables } from './tables.ts'

/** What `stats` in `views.ts` reads. */
export function statsRow (tables: Tables, since: number): Row {
  const { totals, last, pending, events } = tables
  const oldest = [...pending.keys()].filter((seq) => seq > since).sort((a, b) => a - b).at(0)
  return {
    pending: String(totals.pending),
    done: String(totals.done),
    dead: String(totals.dead),
    invalid: String(totals.invalid),
    last: totals.received === 0 ? null : String(totals.received),
    newest: last === 0 ? null : String(last),
    failing: String([...pending.values()].filter(({ attempts }) => attempts > 0).length),
    oldest_seq: oldest === undefined ? null : String(oldest),
    oldest: oldest === undefined ? null : String(events.get(oldest)?.received)
  }
}

/** What `get` of `views.ts` reads, and `list` without a state. */
export function eventRow ({ pending, finished }: Tables, event: EventRow): Row {
  const p = pending.get(event.seq)
  const f = finished.get(event.seq)
  return {
    seq: String(event.seq),
    received: String(event.received),
    name: event.name,
    lane: event.lane,
    problems: event.problems,
    body: event.body,
    id: event.id,
    state: String(f?.state ?? State.pending),
    attempts: String(f?.attempts ?? p?.attempts),
    trial: p?.trial == null ? null : String(p.trial),
    aside: p === undefined ? null : p.lane === event.lane ? 'f' : 't',
    error: f?.error ?? p?.error ?? null,
    deliveries: f?.deliveries ?? p?.deliveries ?? null,
    due_at: p?.due == null ? null : String(Math.round(p.due)),
    finished_at: f === undefined ? null : String(Math.round(f.finished))
  }
}
