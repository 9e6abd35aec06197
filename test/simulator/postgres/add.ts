import { COLLECT } from '../../../lib/inbox/sql/next-lane.ts'
import { State } from '../../../lib/inbox/postgres/sql/states.ts'
import { newPending } from './tables.ts'
import type { FinishedRow, Tables } from './tables.ts'

/** What `add_events` takes. */
export interface Added {
  /** In hexadecimal digits. */
  readonly id: string
  readonly name: string
  readonly lane: string
  readonly kind: number
  readonly received: number
  readonly problems: string | null
  readonly body: Buffer
  /** In how many milliseconds it is due where its conversation waits for collectors; null if it is to be delivered first. */
  readonly delay: number | null
}

/** Of each event: its number, and -1 if it is known, null if there are too many. And the numbers of those that were stored. */
interface AddResult {
  readonly seqs: readonly number[]
  readonly kinds: ReadonlyArray<number | null>
  readonly added: readonly number[]
}

/** As `sql/add.ts`, of one transaction at a time: nobody is quicker meanwhile. */
export function addEvents (tables: Tables, events: readonly Added[], most: number, hasDelays: boolean): AddResult {
  const replaced = new Set<string>()
  const known = events.map((event) => {
    const stored = tables.eventOf(event.id)
    if (stored === undefined) return event.kind
    if (!givesWay(tables.finished.get(stored.seq), event)) return -1
    replaced.add(event.id)
    return event.kind
  })
  const kinds = refuseTooMany(tables, events, known, most)
  const accepted = events.filter((_, i) => (kinds[i] ?? -1) >= 0)
  const waits = waitingAmong(tables, events, kinds)
  const pending = accepted.filter(({ kind }) => kind === State.pending)
  if (hasDelays) enterBoth(tables, pending, waits)
  else tables.enterLanes(pending.map(({ lane }) => lane))
  for (const event of accepted) if (replaced.has(event.id)) forget(tables, event)

  const seqs = events.map(() => tables.next())
  const added = events.flatMap((event, i) => {
    const seq = Number(seqs[i])
    return accepted.includes(event) && tables.eventOf(event.id) === undefined ? [insert(tables, event, seq, waits.has(event))] : []
  })
  return { seqs, kinds, added }
}

/** Those that nothing of their lanes comes before. */
function waitingAmong ({ lanes }: Tables, events: readonly Added[], kinds: ReadonlyArray<number | null>): Set<Added> {
  const isBehind = ({ lane }: Added, place: number) => lanes.has(lane) || events.slice(0, place).some((other, i) => other.lane === lane && other.delay === null && kinds[i] === State.pending)
  return new Set(events.filter((event, i) => event.delay !== null && !isBehind(event, i)))
}

/** Their lanes, and those where they wait. One of the latter that is there is due sooner, unless it is leased, or what is first there has failed. */
function enterBoth (tables: Tables, events: readonly Added[], waits: ReadonlySet<Added>): void {
  for (const [lane, those] of Map.groupBy(events, (event) => waits.has(event) ? COLLECT + event.lane : event.lane)) {
    const due = tables.now + Math.min(...those.map((event) => waits.has(event) ? Number(event.delay) : 0))
    const there = tables.lanes.get(lane)
    if (there === undefined) tables.lanes.set(lane, { lane, head: tables.last, due, holder: null, claim: null, adds: 1, suspect: false })
    else {
      there.adds++
      const hasFailed = Number(tables.first(there)?.attempts) > 0
      if (lane.startsWith(COLLECT) && there.claim === null && !hasFailed) there.due = Math.min(there.due, due)
    }
  }
}

function refuseTooMany ({ totals }: Tables, events: readonly Added[], kinds: readonly number[], most: number): Array<number | null> {
  const room = most - totals.pending
  const invalidRoom = most - totals.invalid
  if (Math.min(room, invalidRoom) >= events.length) return [...kinds]
  return kinds.map((kind, i) => {
    const before = kinds.slice(0, i + 1).filter((other) => other === kind).length
    const isFull = before > (kind === State.invalid ? invalidRoom : room) || (events[i]?.problems !== null && invalidRoom <= 0)
    return kind >= 0 && isFull ? null : kind
  })
}

/** What is dead does, and what is invalid if the new one has no problems. */
function givesWay (finished: FinishedRow | undefined, { problems }: Added): boolean {
  return finished?.state === State.dead || (finished?.state === State.invalid && problems === null)
}

function forget (tables: Tables, event: Added): void {
  const stored = tables.eventOf(event.id)
  const finished = stored && tables.finished.get(stored.seq)
  if (stored === undefined || finished === undefined || !givesWay(finished, event)) return
  tables.finished.delete(finished.seq)
  tables.events.delete(finished.seq)
  tables.completions.delete(stored.born)
  tables.totals[finished.state === State.dead ? 'dead' : 'invalid']--
}

function insert (tables: Tables, { id, name, lane, kind, received, problems, body, delay }: Added, seq: number, waits: boolean): number {
  const { events, pending, finished, totals, now } = tables
  const size = body.length
  events.set(seq, { seq, born: seq, received, size, id, lane, name, problems, body: body.toString() })
  if (problems === null) totals.received = Math.max(totals.received, received)
  if (kind === State.pending) {
    pending.set(seq, { ...newPending(seq, { size, lane: waits ? COLLECT + lane : lane }), due: waits ? now + Number(delay) : null })
    totals.pending++
  } else {
    finished.set(seq, { seq, finished: now, attempts: 0, state: kind, completed: null, error: null, deliveries: null })
    totals.invalid++
  }
  return seq
}
