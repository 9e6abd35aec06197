// Only SQLite: the part of postgres/sql/add.ts that inserts.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { COLLECT } from '../../sql/next-lane.ts'
import { wholeTime } from '../../sql/well-formed.ts'
import { Admission } from '../lane-owner.ts'
import type { AddedRow } from '../messages.ts'
import { BulkInsert } from './bulk-insert.ts'
import type { Parts } from './parts.ts'
import { State } from './schema.ts'

export interface NewRow {
  readonly row: AddedRow
  readonly body: Uint8Array
}

/** New events of a transaction: they are inserted together, once all is known. */
export class FreshEvents {
  readonly #parts: Parts
  readonly #inserts: ReturnType<typeof prepareInserts>
  readonly #ids = new Set<string>()
  /** Those of them that are invalid. */
  readonly #invalid = new Set<string>()
  readonly #events: SQLInputValue[] = []
  readonly #bodies: SQLInputValue[] = []
  /** Those that wait for collectors at once, and when the lanes that they do so in are due. */
  readonly #collected: SQLInputValue[] = []
  readonly #dues = new Map<string, number>()

  constructor (parts: Parts, inserts: ReturnType<typeof prepareInserts>) {
    this.#parts = parts
    this.#inserts = inserts
  }

  has (id: string): boolean {
    return this.#ids.has(id)
  }

  hasInvalid (id: string): boolean {
    return this.#invalid.has(id)
  }

  /** Returns its number. */
  insert ({ row: [id, name, lane, admission, received, problems], body }: NewRow, state: number): number {
    const seq = this.#begin(id, lane, received, body)
    if (admission === Admission.invalid) this.#invalid.add(id)
    this.#events.push(seq, id, lane, name, state, received, admission === Admission.invalid ? received : null, problems)
    return seq
  }

  /** It waits for collectors until then: as if it had been in its own lane, and had left that. */
  insertCollected ({ row: [id, name, home, , received, problems], body }: NewRow, time: number): void {
    const [lane, due] = [COLLECT + home, Number(wholeTime(time))]
    this.#collected.push(this.#begin(id, home, received, body), id, lane, name, State.waiting, received, problems, due, home)
    this.#dues.set(lane, Math.min(due, this.#dues.get(lane) ?? due))
  }

  /** All but the row of the event. */
  #begin (id: string, lane: string, received: number, body: Uint8Array): number {
    const { ids, conversations, totals: { now } } = this.#parts
    const seq = ++now.seq
    this.#ids.add(id)
    this.#bodies.push(seq, body)
    ids.set(id, seq)
    conversations.set({ seq, id, lane, received })
    return seq
  }

  flush (): void {
    this.#inserts.event.run(this.#events)
    this.#inserts.collected.run(this.#collected)
    this.#inserts.body.run(this.#bodies)
    for (const [lane, due] of this.#dues) this.#parts.lanes.collect(lane, due) // which looks at the first event there
    this.#ids.clear()
    this.#invalid.clear()
    this.#dues.clear()
    this.#events.length = this.#collected.length = this.#bodies.length = 0
  }
}

export function prepareInserts (db: DatabaseSync) {
  return {
    event: new BulkInsert(db, 'INSERT INTO events (seq, id, lane, name, state, received, finished, problems)', 8),
    collected: new BulkInsert(db, 'INSERT INTO events (seq, id, lane, name, state, received, problems, due, home)', 9),
    body: new BulkInsert(db, 'INSERT INTO bodies', 2)
  }
}
