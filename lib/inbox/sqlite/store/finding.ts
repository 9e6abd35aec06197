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
/** Events that one statement looks at: the clock is looked at between two. */
const AT_ONCE = 4_096
/** Below and above the `seq` of every event. */
const [FIRST, LAST] = [0, Number.MAX_SAFE_INTEGER]

/** An event of which all is true that can be said without its body. */
interface Candidate {
  seq: number
  id: string
}

/** Events to look at: those from one `seq` on, and before another. */
interface Part {
  readonly sources: readonly string[]
  /** What an index has them by. Empty if they are not looked up in one. */
  readonly keys: readonly number[]
  readonly from: number
  readonly to: number
}

/** A part that one statement looks at. */
interface Slice extends Part {
  /** How many events it has. */
  readonly count: number
}

/** What a text is looked for in. Null if there is more: few events have failed. */
const WRITTEN = `SELECT iif(error IS NULL AND problems IS NULL AND deliveries IS NULL,
  id || char(10) || name || char(10) || coalesce(home, lane) || char(10) || CAST(body AS TEXT), NULL) AS written FROM`

const OF_KEY = (index: string): readonly string[] => [`${index} CROSS JOIN events USING (seq) WHERE key = ?`]
const [OF_CONVERSATION, OF_ID] = [OF_KEY('conversations'), OF_KEY('ids')]

/** Finds events, a part of the file at a time. A body is only read if it depends on it, or is to be shown. */
export class Finding {
  readonly #indexed: () => number
  readonly #indexedIds: () => number
  readonly #blocks: Select<{ block: number }>
  readonly #one: Select<Row>
  readonly #written: Select<{ written: string | null }>
  readonly #counting: (text: string) => Select<{ count: number, first: number | null }>
  readonly #fitting: (text: string) => Select<Candidate>

  /** `indexedIds` says up to which `seq` the index of ids is. */
  constructor (db: DatabaseSync, indexedIds: () => number) {
    this.#indexed = readIndexed(db)
    this.#indexedIds = indexedIds
    this.#blocks = select(db, 'SELECT block FROM blocks WHERE block <= ? AND newest >= ? AND oldest < ? ORDER BY block DESC')
    this.#one = select(db, `${COLUMNS} events ${WITH_BODY} events.seq = ?`)
    this.#written = select(db, `${WRITTEN} events ${WITH_BODY} events.seq = ?`)
    this.#counting = statementsOf(db)
    this.#fitting = statementsOf(db)
  }

  /** Within a transaction of the caller's. */
  find ({ limit = 100, before = LAST, idsOnly = false, ...filter }: FindOptions): FoundRows {
    const end = performance.now() + LONGEST
    const { text } = filter
    const holds = text === undefined ? () => true : this.#matcherOf(text)
    const condition = conditionOf(filter)
    const rows: StoredRow[] = []
    const ids: string[] = []
    let [scanned, characters] = [0, 0]
    for (const slice of this.#slices(filter, before)) {
      for (const { seq, id } of this.#candidates(slice, condition)) {
        if (holds(seq)) {
          ids.push(id)
          if (!idsOnly) rows.push(...this.#rows(seq))
          characters += rows.at(-1)?.body.length ?? 0
        }
        if (ids.length === limit || characters >= MOST_LISTED || performance.now() > end) {
          return { rows, ids, scanned: scanned + this.#sliceOf({ ...slice, from: seq }).count, before: seq }
        }
      }
      scanned += slice.count
      if (slice.from > FIRST && performance.now() > end) return { rows, ids, scanned, before: slice.from }
    }
    return { rows, ids, scanned, before: null }
  }

  /** The one event with this id. */
  seqOf (id: string): number | undefined {
    const condition = conditionOf({ id })
    for (const slice of this.#slices({ id }, LAST)) {
      for (const candidate of this.#candidates(slice, condition)) if (candidate.id === id) return candidate.seq
    }
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
  * #slices (filter: EventFilter, before: number): Generator<Slice, undefined> {
    for (const part of this.#parts(filter, before)) {
      for (let to = Math.min(part.to, before); to > part.from;) {
        const slice = this.#sliceOf({ ...part, to })
        yield slice
        to = slice.from
      }
    }
  }

  /** The newest events of a part. */
  #sliceOf (part: Part): Slice {
    const { sources, keys, from, to } = part
    const counted = this.#counting(`SELECT count(*) AS count, min(seq) AS first FROM (${ofAll(sources, 'SELECT seq FROM')} LIMIT ${AT_ONCE})`)
      .get(...sources.flatMap(() => [...keys, from, to]))
    const count = Number(counted?.count)
    return { ...part, from: count === AT_ONCE ? Number(counted?.first) : from, count }
  }

  /** The newest first. SQLite itself leaves out what does not fit, which is far quicker than to look at each here. */
  #candidates ({ sources, keys, from, to }: Part, condition: Condition): Iterable<Candidate> {
    return this.#fitting(ofAll(sources, 'SELECT seq, id FROM', condition.text)).iterate(...sources.flatMap(() => [...keys, from, to, ...condition.values]))
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

/** Of several sources, the newest first. */
function ofAll (sources: readonly string[], select: string, condition = 'true'): string {
  return `${sources.map((source) => `${select} ${source} AND seq >= ? AND seq < ? AND ${condition}`).join(' UNION ALL ')} ORDER BY seq DESC`
}

/** Each is prepared once. */
function statementsOf<Row extends object> (db: DatabaseSync): (text: string) => Select<Row> {
  const statements = new Map<string, Select<Row>>()
  return (text) => {
    const statement = statements.get(text) ?? select<Row>(db, text)
    statements.set(text, statement)
    return statement
  }
}
