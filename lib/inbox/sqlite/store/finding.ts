// Only SQLite: a reader looks through the file. PostgreSQL's server looks for texts itself.
import type { DatabaseSync } from 'node:sqlite'
import { matcherOf } from '../../fits.ts'
import type { EventFilter, FindOptions } from '../../inbox.ts'
import { MOST_LISTED, storedEvent } from '../../sql/rows.ts'
import type { FoundRows, StoredRow } from '../../sql/rows.ts'
import { BLOCK, blockOf, hashOf, keyOf, readIndexed } from './blocks.ts'
import { conditionOf, sourcesOf } from './filter.ts'
import type { Condition } from './filter.ts'
import { keyOfId } from './known-ids.ts'
import { select } from './select.ts'
import type { Select } from './select.ts'
import { COLUMNS, storedRow, WITH_BODY } from './stored-row.ts'
import type { Row } from './stored-row.ts'
import { textCheckOf } from './text-check.ts'

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

/** What a text is looked for in. Null if there is more: few events have failed. */
const WRITTEN = `SELECT iif(error IS NULL AND problems IS NULL AND deliveries IS NULL,
  id || char(10) || name || char(10) || coalesce(home, lane) || char(10) || CAST(body AS TEXT), NULL) AS written FROM`

const OF_KEY = (index: string): readonly string[] => [`${index} CROSS JOIN events USING (seq) WHERE key = ?`]
const [OF_CONVERSATION, OF_ID] = [OF_KEY('conversations'), OF_KEY('ids')]

/** Finds events, a part of the file at a time. A body is only read if it depends on it, or is to be shown. */
export class Finding {
  readonly #db: DatabaseSync
  readonly #indexed: () => number
  readonly #indexedIds: () => number
  readonly #blocks: Select<{ block: number }>
  readonly #one: Select<Row>
  readonly #written: Select<{ written: string | null }>
  /** By their texts. */
  readonly #statements = new Map<string, Select<Candidate>>()

  /** `indexedIds` says up to which `seq` the index of ids is. */
  constructor (db: DatabaseSync, indexedIds: () => number) {
    this.#db = db
    this.#indexed = readIndexed(db)
    this.#indexedIds = indexedIds
    this.#blocks = select(db, 'SELECT block FROM blocks WHERE block <= ? AND newest >= ? AND oldest < ? ORDER BY block DESC')
    this.#one = select(db, `${COLUMNS} events ${WITH_BODY} events.seq = ?`)
    this.#written = select(db, `${WRITTEN} events ${WITH_BODY} events.seq = ?`)
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
    const mayHave = textCheckOf(text)
    return (seq) => {
      const written = this.#written.get(seq)?.written ?? null
      return (written === null || mayHave(written)) && this.#rows(seq).some((row) => matches(storedEvent(row)))
    }
  }

  #rows (seq: number): StoredRow[] {
    return this.#one.all(seq).map(storedRow)
  }

  /** The newest first. */
  * #candidates (filter: EventFilter, before: number): Generator<Candidate, undefined> {
    const condition = conditionOf(filter)
    for (const { sources, keys, from, to } of this.#parts(filter, before)) {
      const range = [...keys, from, Math.min(to, before)]
      yield * from === FIRST ? this.#everyOne(sources, condition, range) : this.#fitting(sources, condition, range)
    }
  }

  /** Where there may be many, each counts as one that was looked at, and the search can end between two of them. */
  #everyOne (sources: readonly string[], { text, values }: Condition, range: readonly number[]): Iterable<Candidate> {
    const statement = this.#statement(sources.map((source) => `SELECT seq, iif(${text}, id, NULL) AS id FROM ${source} AND seq >= ? AND seq < ?`))
    return statement.iterate(...sources.flatMap(() => [...values, ...range]))
  }

  /** SQLite itself leaves out what does not fit: five times as quick. */
  #fitting (sources: readonly string[], { text, values }: Condition, range: readonly number[]): Iterable<Candidate> {
    const statement = this.#statement(sources.map((source) => `SELECT seq, id FROM ${source} AND seq >= ? AND seq < ? AND ${text}`))
    return statement.iterate(...sources.flatMap(() => [...range, ...values]))
  }

  #statement (parts: readonly string[]): Select<Candidate> {
    const text = `${parts.join(' UNION ALL ')} ORDER BY seq DESC`
    const statement = this.#statements.get(text) ?? select(this.#db, text)
    this.#statements.set(text, statement)
    return statement
  }

  /** What an index does not have yet is looked through. */
  #parts (filter: EventFilter, before: number): Iterable<Part> {
    const { id, conversation, since, until } = filter
    const sources = sourcesOf(filter)
    if (id !== undefined) return this.#partsOfId(sources, id)
    if (conversation !== undefined) return this.#partsByBlock(filter, before, (block) => ({ sources: OF_CONVERSATION, keys: [keyOf(block, hashOf(conversation))] }))
    if (since !== undefined || until !== undefined) return this.#partsByBlock(filter, before, () => ({ sources, keys: [] }))
    return [{ sources, keys: [], from: FIRST, to: before }]
  }

  #partsOfId (sources: readonly string[], id: string): Part[] {
    const indexed = this.#indexedIds() + 1
    return [{ sources, keys: [], from: indexed, to: LAST }, { sources: OF_ID, keys: [keyOfId(id)], from: FIRST, to: indexed }]
  }

  * #partsByBlock (filter: EventFilter, before: number, inBlock: (block: number) => Pick<Part, 'sources' | 'keys'>): Generator<Part, undefined> {
    const { since, until } = filter
    yield { sources: sourcesOf(filter), keys: [], from: this.#indexed(), to: LAST }
    for (const { block } of this.#blocks.all(blockOf(before), since?.getTime() ?? FIRST, until?.getTime() ?? LAST)) {
      yield { ...inBlock(block), from: block * BLOCK, to: (block + 1) * BLOCK }
    }
  }
}
