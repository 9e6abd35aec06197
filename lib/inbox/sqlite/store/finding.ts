// Only SQLite: a reader looks through the file. PostgreSQL's server looks for texts itself.
import type { DatabaseSync } from 'node:sqlite'
import { matcherOf } from '../../fits.ts'
import type { EventFilter, FindOptions } from '../../inbox.ts'
import { MOST_LISTED, storedEvent } from '../../sql/rows.ts'
import type { FoundRows, StoredRow } from '../../sql/rows.ts'
import { BLOCK, blockOf, hashOf, keyOf, readIndexed } from './blocks.ts'
import { conditionOf, sourcesOf } from './filter.ts'
import { keyOfId } from './known-ids.ts'
import { select } from './select.ts'
import type { Select } from './select.ts'
import { COLUMNS, storedRow, WITH_BODY } from './stored-row.ts'
import type { Row } from './stored-row.ts'

/** An answer ends after so many milliseconds, and with it the transaction that it reads in. */
const LONGEST = 40
/** Of no event, and of none yet. */
const [FIRST, LAST] = [0, Number.MAX_SAFE_INTEGER]

/** An event that is looked at. `id` is null if it does not fit, whatever its body has. */
interface Candidate {
  seq: number
  id: string | null
}

/** Some of the events that may fit: those from one `seq` on, and before another. */
interface Part {
  readonly sources: readonly string[]
  /** Where an index has them. Others have none. */
  readonly keys: readonly number[]
  readonly from: number
  readonly to: number
}

const OF_KEY = (index: string): readonly string[] => [`${index} CROSS JOIN events USING (seq) WHERE key = ?`]
const [OF_CONVERSATION, OF_ID] = [OF_KEY('conversations'), OF_KEY('ids')]

/** Finds events, a part of the file at a time. A body is only read if it depends on it, or is to be shown. */
export class Finding {
  readonly #db: DatabaseSync
  readonly #indexed: () => number
  readonly #indexedIds: () => number
  readonly #blocks: Select<{ block: number }>
  readonly #one: Select<Row>
  /** By their texts. */
  readonly #statements = new Map<string, Select<Candidate>>()

  /** `indexedIds` says up to which `seq` the index of ids is. */
  constructor (db: DatabaseSync, indexedIds: () => number) {
    this.#db = db
    this.#indexed = readIndexed(db)
    this.#indexedIds = indexedIds
    this.#blocks = select(db, 'SELECT block FROM blocks WHERE block <= ? AND newest >= ? AND oldest < ? ORDER BY block DESC')
    this.#one = select(db, `${COLUMNS} events ${WITH_BODY} events.seq = ?`)
  }

  /** Within a transaction of the caller's. */
  find ({ limit = 100, before = LAST, idsOnly = false, ...filter }: FindOptions): FoundRows {
    const end = performance.now() + LONGEST
    const { text } = filter
    const holds = text === undefined ? () => true : this.#matcherOf(text)
    const rows: StoredRow[] = []
    const ids: string[] = []
    let [scanned, characters] = [0, 0]
    for (const { seq, id } of this.#candidates(filter, before)) {
      scanned++
      if (id !== null && holds(seq)) {
        ids.push(id)
        if (!idsOnly) rows.push(...this.#rows(seq))
        characters += rows.at(-1)?.body.length ?? 0
      }
      if (ids.length === limit || characters >= MOST_LISTED || performance.now() > end) return { rows, ids, scanned, before: seq }
    }
    return { rows, ids, scanned, before: null }
  }

  /** The one event with this id. */
  seqOf (id: string): number | undefined {
    for (const candidate of this.#candidates({ id }, LAST)) if (candidate.id === id) return candidate.seq
    return undefined
  }

  #matcherOf (text: string): (seq: number) => boolean {
    const matches = matcherOf({ text })
    return (seq) => this.#rows(seq).some((row) => matches(storedEvent(row)))
  }

  #rows (seq: number): StoredRow[] {
    return this.#one.all(seq).map(storedRow)
  }

  /** The newest first. */
  * #candidates (filter: EventFilter, before: number): Generator<Candidate, undefined> {
    const { text, values } = conditionOf(filter)
    for (const { sources, keys, from, to } of this.#parts(filter, before)) {
      const statement = this.#statement(sources.map((source) => `SELECT seq, iif(${text}, id, NULL) AS id FROM ${source} AND seq >= ? AND seq < ?`).join(' UNION ALL '))
      yield * statement.iterate(...sources.flatMap(() => [...values, ...keys, from, to]))
    }
  }

  #statement (text: string): Select<Candidate> {
    const statement = this.#statements.get(text) ?? select(this.#db, `${text} ORDER BY seq DESC`)
    this.#statements.set(text, statement)
    return statement
  }

  /** What an index does not have yet is looked through. */
  #parts (filter: EventFilter, before: number): Iterable<Part> {
    if (filter.id !== undefined) return this.#partsOfId(filter, filter.id, before)
    const { conversation, since, until } = filter
    if (conversation !== undefined || since !== undefined || until !== undefined) return this.#partsByBlock(filter, before)
    return [{ sources: sourcesOf(filter), keys: [], from: FIRST, to: before }]
  }

  #partsOfId (filter: EventFilter, id: string, before: number): Part[] {
    const indexed = this.#indexedIds() + 1
    return [
      { sources: sourcesOf(filter), keys: [], from: indexed, to: before },
      { sources: OF_ID, keys: [keyOfId(id)], from: FIRST, to: Math.min(indexed, before) }
    ]
  }

  * #partsByBlock (filter: EventFilter, before: number): Generator<Part, undefined> {
    const { conversation, since, until } = filter
    const sources = sourcesOf(filter)
    yield { sources, keys: [], from: this.#indexed(), to: before }
    for (const { block } of this.#blocks.all(blockOf(before), since?.getTime() ?? FIRST, until?.getTime() ?? LAST)) {
      const range = { from: block * BLOCK, to: Math.min((block + 1) * BLOCK, before) }
      yield conversation === undefined ? { sources, keys: [], ...range } : { sources: OF_CONVERSATION, keys: [keyOf(block, hashOf(conversation))], ...range }
    }
  }
}
