import { DatabaseSync } from 'node:sqlite'
import type { Test } from 'tap'
import { matcherOf } from '../../../../lib/inbox/fits.ts'
import type { EventFilter, StoredEvent } from '../../../../lib/inbox/inbox.ts'
import { storedEvent } from '../../../../lib/inbox/sql/rows.ts'
import type { FoundRows } from '../../../../lib/inbox/sql/rows.ts'
import { Admission } from '../../../../lib/inbox/sqlite/lane-owner.ts'
import type { AddedRow, Work } from '../../../../lib/inbox/sqlite/messages.ts'
import { BLOCK } from '../../../../lib/inbox/sqlite/store/blocks.ts'
import { Reader } from '../../../../lib/inbox/sqlite/store/reader.ts'
import { Store } from '../../../../lib/inbox/sqlite/store/store.ts'

export const MINUTE = 60_000

/** Of most conversations there is an event in each block. */
export const CONVERSATIONS = 5_000

export const none: Work = { kind: 'work', now: 1, done: [], failed: [], givenBack: [], settledAt: 0, adds: { rows: [], bodies: new Uint8Array(0) }, calls: [] }

export function openStore (path: string, keep = 1e12): Store {
  return new Store({ kind: 'open', path, keep, keepFailed: 1e12, maxBacklog: 1e9, held: [], again: false })
}

/** As ids are: from their number, spread over all there could be. */
export function idOf (number: number): string {
  const id = Buffer.alloc(32)
  id.writeInt32BE(Math.imul(number, 0x9e3779b1))
  id.writeInt32BE(number, 28)
  return id.toString('base64url')
}

/** One a minute; each ninth has no conversation. */
export function rowOf (number: number): AddedRow {
  const lane = number % 9 === 0 ? idOf(number) : `conversation ${number % CONVERSATIONS}`
  return [idOf(number), number % 1_000 === 0 ? 'rare' : 'newMessage', lane, Admission.live, 1 + number * MINUTE, null, 2]
}

export function add (store: Store, from: number, count: number): number[] {
  const rows = Array.from({ length: count }, (_, i) => rowOf(from + i))
  const { added } = store.run({ ...none, adds: { rows, bodies: Buffer.from('{}'.repeat(count)) } })
  store.run({ ...none, now: Date.now(), done: added })
  return added
}

/** As many as make three blocks, and a part of one. */
export function fill (store: Store, count = BLOCK * 3 + 2_000): void {
  for (let from = 1; from <= count; from += 2_000) add(store, from, Math.min(2_000, count - from + 1))
}

export function answersTo (path: string, filter: EventFilter, limit = 1_000): FoundRows[] {
  const reader = new Reader(path)
  const answers: FoundRows[] = []
  for (let before: number | null | undefined; before !== null;) {
    const answer = reader.find({ ...filter, before, idsOnly: true, limit })
    answers.push(answer)
    before = answer.before
  }
  reader.close()
  return answers
}

export function found (path: string, filter: EventFilter): string[] {
  return answersTo(path, filter).flatMap(({ ids }) => ids)
}

/** Every event, looked at one by one. */
export function all (path: string): StoredEvent[] {
  const reader = new Reader(path)
  const events: StoredEvent[] = []
  for (let page = reader.list({ limit: 1_000 }); page.length > 0; page = reader.list({ limit: 1_000, before: events.at(-1)?.seq })) events.push(...page.map(storedEvent))
  reader.close()
  return events
}

export function count (path: string, sql: string): number {
  const db = new DatabaseSync(path, { readOnly: true })
  const { count } = db.prepare(`SELECT count(*) AS count FROM ${sql}`).get() ?? {}
  db.close()
  return Number(count)
}

export function compare (t: Test, path: string, filters: readonly EventFilter[]): void {
  const events = all(path)
  for (const filter of filters) {
    const expected = events.filter(matcherOf(filter)).map(({ id }) => id)
    t.same(found(path, filter), expected, `${JSON.stringify(filter)}: ${expected.length}`)
  }
}

/** How many events of a conversation were forgotten. */
export function forgottenOf (store: Store, lane: string): number {
  let sum = 0
  for (let after: number | null = 0; after !== null;) {
    const step: { count: number, after: number | null } = store.ask({ method: 'forget', lane, after })
    sum += step.count
    after = step.after
  }
  return sum
}

export const at = (number: number) => new Date(1 + number * MINUTE)

export const FILTERS: readonly EventFilter[] = [
  { conversation: 'conversation 1' },
  { conversation: 'conversation 4999', state: 'done' },
  { conversation: 'conversation 77', since: at(20_000), until: at(40_000) },
  { conversation: idOf(9) },
  { conversation: 'no conversation' },
  { since: at(16_000), until: at(17_000) },
  { since: at(50_000) },
  { until: at(10), name: 'newMessage' },
  { name: 'rare' },
  { id: idOf(1).slice(0, 6) },
  { id: idOf(50_000), conversation: 'conversation 0' }
]
