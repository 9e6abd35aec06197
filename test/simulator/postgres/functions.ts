// What the inbox calls in the server, with values as the client sends them, and rows as the server does: in texts.
import type { Row } from '../../../lib/inbox/postgres/query.ts'
import { COLLECT } from '../../../lib/inbox/sql/next-lane.ts'
import { addEvents } from './add.ts'
import { commitCompletion, completionOf, discard, expectNew, forget, isRecovering, release, renew, replay, unreserve } from './changes.ts'
import type { Completion } from './changes.ts'
import { claimLanes } from './claim.ts'
import type { ClaimedRow } from './claim.ts'
import { settle } from './settle.ts'
import type { Tables } from './tables.ts'

type Values = readonly unknown[]

export const FUNCTIONS: Readonly<Record<string, (tables: Tables, values: Values) => Row[]>> = {
  add_events (tables, values) {
    const [ids, names, lanes, kinds, received, problems, starts, sizes, bodies, most, delays = null] = values as // as adds.ts sends them
      [Buffer[], string[], string[], number[], number[], Array<string | null>, number[], number[], Buffer, number, (Array<number | null> | null)?]
    const events = ids.map((id, i) => ({
      id: id.toString('hex'),
      name: String(names[i]),
      lane: String(lanes[i]),
      kind: Number(kinds[i]),
      received: Number(received[i]),
      problems: problems[i] ?? null,
      body: bodies.subarray(starts[i], Number(starts[i]) + Number(sizes[i])),
      delay: delays?.[i] ?? null
    }))
    const result = addEvents(tables, events, most, delays !== null)
    return [{ seqs: array(result.seqs), kinds: array(result.kinds), added: array(result.added) }]
  },
  turn,
  /** In a transaction of its own. */
  complete (tables, values) {
    const noted = completionOf(tables, completionIn(values))
    expectNew(tables, noted)
    commitCompletion(tables, noted)
    return [{ complete: 't' }]
  },
  renew (tables, values) {
    const [holder, lanes, claims, lease] = values as [string, string[], number[], number] // as leases.ts sends them
    return renew(tables, holder, lanes, claims, lease).map(({ lane, claim }) => ({ lane, claim: String(claim) }))
  },
  release (tables, values) {
    const [holder, claims] = values as [string, number[]] // as leases.ts sends them
    release(tables, holder, claims)
    return [{ release: '' }]
  },
  unreserve (tables, values) {
    const [holder, lanes] = values as [string, string[]] // as leases.ts sends them
    unreserve(tables, holder, lanes)
    return [{ unreserve: '' }]
  },
  recovering (tables) {
    return [{ recovering: isRecovering(tables) ? 't' : 'f' }]
  },
  replay (tables, values) {
    const [ids, all] = values as [Buffer[], boolean] // as views.ts sends them
    return [{ count: String(replay(tables, ids.map(hex), all)) }]
  },
  discard (tables, values) {
    const [ids] = values as [Buffer[]] // as views.ts sends them
    return [{ removed: array(discard(tables, ids.map(hex))) }]
  },
  forget (tables, values) {
    const [lane, after, most] = values as [string, string, number] // as views.ts sends them
    const { removed, last } = forget(tables, lane, Number(after), most)
    return [{ removed: array(removed), last: textOrNull(last) }]
  },
  numbers (tables, values) {
    const [ids] = values as [Buffer[]] // as views.ts sends them
    return tables.eventsOf(ids.map(hex)).map(({ seq, id }) => ({ seq: String(seq), id }))
  },
  // There is one epoch, nothing is too old, and the counts are right.
  rotate: () => [{ rotate: 'f' }],
  purge: () => [{ count: '0', last: null }],
  recount: () => [{ pending: '0', done: '0', dead: '0', invalid: '0', removed: '0', stateless: '0', lanes: '0' }]
}

export function completionIn (values: Values): Completion {
  const [holder, claim, lane, seq, listener] = values as [string, string, string, string, string] // as deliveries.ts sends them
  return { holder, claim: Number(claim), lane, seq: Number(seq), listener }
}

function turn (tables: Tables, values: Values): Row[] {
  const [holder, lanes, claims, adds, bursts, delays, doneSeqs, doneBy, ...rest] = values as // as deliveries.ts sends them
    [string, string[], number[], Array<string | null>, Array<string | null>, Array<number | null>, number[], number[], ...unknown[]]
  const [failedSeqs, failedBy, states, nextLanes, failedDelays, collects, stays, running, completed, errors, deliveries, ...claiming] = rest as
    [string[], number[], number[], Array<string | null>, Array<number | null>, boolean[], boolean[], boolean[], Array<string | null>, Array<string | null>, string[], ...unknown[]]
  const [own, claim, may, most, lease, since, overlap] = claiming as [number[], number, boolean, number, number, string | null, number]
  const lost = lanes.length === 0
    ? []
    : settle(tables, {
      holder,
      claims: lanes.map((lane, i) => ({
        lane, claim: Number(claims[i]), adds: numberOrNull(adds[i]), burst: numberOrNull(bursts[i]), delay: delays[i] ?? null
      })),
      done: doneSeqs.map((seq, i) => ({ seq, by: Number(doneBy[i]) - 1 })),
      failed: failedSeqs.map((seq, i) => ({
        seq: Number(seq),
        by: Number(failedBy[i]) - 1,
        state: Number(states[i]),
        lane: nextLanes[i] ?? null,
        delay: Number(failedDelays[i]),
        collects: collects[i] === true,
        stays: stays[i] === true,
        running: running[i] === true,
        completed: completed[i] ?? null,
        error: errors[i] ?? null,
        delivery: String(deliveries[i])
      }))
    })
  const rows = lost.map((seq) => ({ ...NO_EVENT, seq: String(seq) }))
  if (most === 0) return rows
  const from = since === null ? -Infinity : Number(since) - overlap
  const { rows: claimed, looked, dueIn } = claimLanes(tables, { holder, own, claim, may, most, lease, from })
  return [...rows, ...claimed.map((row) => claimedRow(tables, row)), { ...NO_EVENT, received: textOrNull(dueIn), body: textOrNull(looked) }]
}

const NO_EVENT = {
  lane: null, adds: null, seq: null, id: null, size: null, received: null, attempts: null, completed: null, noted: null, problems: null, failing_for: null, due_in: null, aside: null, home: null, followed: null, trial: null, body: null
}

function claimedRow ({ events, completions, lanes, now }: Tables, { lane, adds, row, isFirst }: ClaimedRow): Row {
  const event = events.get(row.seq)
  const home = event === undefined || event.lane === row.lane ? null : event.lane
  return {
    lane,
    adds: String(adds),
    seq: String(row.seq),
    id: event?.id ?? null,
    size: String(event?.size),
    received: String(event?.received),
    attempts: String(row.attempts),
    completed: row.completed,
    noted: notedOf(completions.get(Number(event?.born))),
    problems: event?.problems ?? null,
    failing_for: String(Math.max(0, Math.round(now - (row.since ?? now)))),
    due_in: String(row.since === null ? 0 : Math.max(0, Math.ceil((row.due ?? now) - now))),
    aside: row.aside ? 't' : 'f',
    home,
    followed: isFirst && home !== null && row.lane.startsWith(COLLECT) ? (lanes.has(home) ? 't' : 'f') : null,
    trial: textOrNull(row.trial),
    body: event?.body ?? null
  }
}

function notedOf (listeners: ReadonlySet<string> | undefined): string | null {
  return listeners === undefined ? null : JSON.stringify([...listeners].sort())
}

function hex (bytes: Buffer): string {
  return bytes.toString('hex')
}

function array (values: ReadonlyArray<number | null>): string {
  return `{${values.map((value) => value ?? 'NULL').join()}}`
}

function textOrNull (value: number | null): string | null {
  return value === null ? null : String(value)
}

function numberOrNull (value: string | null | undefined): number | null {
  return value == null ? null : Number(value)
}
