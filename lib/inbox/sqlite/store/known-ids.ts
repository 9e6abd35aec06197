import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BulkInsert } from './bulk-insert.ts'
import { KeyFilter } from './key-filter.ts'
import { SeqsByKey } from './seqs-by-key.ts'

/** Events between two mergers: enough for several of their keys to share a page of an index of millions. */
const GENERATION = 32_768
/** Merged with each transaction at least. One that adds many merges more than that, or memory would not be bounded. */
const MERGED_AT_ONCE = 1_024
const LOADED_AT_ONCE = 10_000
const KEY_BYTES = 4
const NONE: readonly never[] = []

interface Merger {
  /** `key, seq, key, seq …` in the order of the index, so that neighbours are written together. */
  readonly entries: readonly number[]
  readonly events: SeqsByKey
  /** The last `seq` among them. */
  readonly upTo: number
  position: number
}

/**
 * Finds events by their ids. Ids are random: in an index, each new one changes another page, and the more there are, the more it
 * costs to add one. Hence the newest ones are in memory only, and go to the index by the thousand, sorted, some with each
 * transaction. Those that a crash keeps from it are read from the events at the next start. Memory and index have a key only, which
 * is a part of the id: what they find is compared with the event's own, and may as well be gone.
 */
export class KnownIds {
  #young = new SeqsByKey()
  #merger: Merger | undefined
  #filter = new KeyFilter()
  #isLoaded = false
  /** What the index has for the keys that were looked up last. */
  #looked = new SeqsByKey()
  /** The last `seq` of the young ones. */
  #last: number
  /** What the transaction under way has set, and how much it has merged. */
  #set: Array<{ key: number, seq: number }> = []
  #merged = 0
  /** Events that were dropped before the index had them, and those of the transaction under way. */
  #dropped = new Set<number>()
  #dropping: number[] = []
  #indexed: number
  /** A field, for in Node 22 the iteration alone does not keep a statement from the garbage collector. */
  readonly #newest: StatementSync
  readonly #find: StatementSync
  readonly #page: StatementSync
  readonly #compare: StatementSync
  readonly #insert: BulkInsert
  readonly #remove: StatementSync
  readonly #key = Buffer.alloc(KEY_BYTES)

  /** `indexed` is the last `seq` that the index has. */
  constructor (db: DatabaseSync, indexed: number) {
    this.#indexed = this.#last = indexed
    this.#find = db.prepare('SELECT key, seq FROM ids WHERE key IN (SELECT value FROM json_each(?))')
    this.#page = db.prepare(`SELECT json_group_array(key ORDER BY key) AS keys FROM
      (SELECT key FROM ids WHERE key > ? ORDER BY key LIMIT ${LOADED_AT_ONCE})`)
    this.#compare = db.prepare('SELECT 1 FROM events WHERE seq = ? AND id = ?')
    this.#insert = new BulkInsert(db, 'INSERT OR IGNORE INTO ids', 2)
    this.#remove = db.prepare('DELETE FROM ids WHERE key = ? AND seq = ?')
    this.#newest = db.prepare('SELECT id, seq FROM events WHERE seq > ? ORDER BY seq')
    for (const { id, seq } of this.#newest.iterate(indexed)) this.#young.add(this.keyOf(String(id)), this.#last = Number(seq))
  }

  get indexed (): number {
    return this.#indexed
  }

  /** Reads which keys the index has; until it is through, every id is looked up. Between two steps there is time for other work. */
  * load (): Generator<undefined, undefined> {
    const filter = this.#filter = new KeyFilter()
    this.#isLoaded = false
    for (let keys = this.#after(Number.MIN_SAFE_INTEGER); keys.length > 0; keys = this.#after(Number(keys.at(-1)))) {
      for (const key of keys) filter.add(key)
      yield
    }
    this.#isLoaded = true
  }

  /** A part of the id: two of a million events share one once in a hundred times. */
  keyOf (id: string): number {
    this.#key.writeInt32BE(0)
    this.#key.write(id, 'base64url')
    return this.#key.readInt32BE()
  }

  /** Has to come before `get` of any of them: all are looked up at once. */
  look (keys: readonly number[]): void {
    this.#looked = new SeqsByKey()
    const perhaps = this.#isLoaded ? keys.filter((key) => this.#filter.mayHave(key)) : keys
    if (perhaps.length === 0) return
    for (const { key, seq } of this.#find.all(JSON.stringify(perhaps))) this.#looked.add(Number(key), Number(seq))
  }

  /** The `seq` of the event with this id. */
  get (id: string, key: number): number | undefined {
    return this.#fitting(this.#young.get(key), id) ??
      this.#fitting(this.#merger?.events.get(key) ?? NONE, id) ??
      this.#fitting(this.#looked.get(key), id)
  }

  /** The same, for one alone. */
  find (id: string): number | undefined {
    const key = this.keyOf(id)
    this.look([key])
    return this.get(id, key)
  }

  set (key: number, seq: number): void {
    this.#set.push({ key, seq })
    this.#young.add(key, seq)
  }

  /** Of an event that is removed, for there to be nothing of it in the index. */
  drop (id: string, seq: number): void {
    if (this.#remove.run(this.keyOf(id), seq).changes === 0) this.#dropping.push(seq)
  }

  /** Brings a part of what is not indexed yet into the index, within the transaction under way. */
  merge (): void {
    if (this.#merger === undefined) return
    const { entries, position } = this.#merger
    const count = Math.max(MERGED_AT_ONCE, 2 * this.#set.length)
    const part = entries.slice(position, position + 2 * count)
    this.#insert.run(this.#dropped.size === 0 ? part : part.filter((_, i) => !this.#dropped.has(Number(part[i | 1]))))
    for (let i = 0; i < part.length; i += 2) this.#filter.add(Number(part[i]))
    this.#merged = part.length
  }

  commit (): void {
    this.#last = this.#set.at(-1)?.seq ?? this.#last
    this.#set = []
    for (const seq of this.#dropping) this.#dropped.add(seq)
    this.#dropping = []
    if (this.#merger !== undefined) this.#go(this.#merger)
    // Not before: what a transaction adds that fails is not there.
    else if (this.#young.size >= GENERATION) this.#begin()
  }

  rollback (): void {
    for (const { key } of this.#set) this.#young.remove(key)
    this.#set = []
    this.#dropping = []
    this.#merged = 0
  }

  #go (merger: Merger): void {
    merger.position += this.#merged
    this.#merged = 0
    if (merger.position < merger.entries.length) return
    this.#indexed = merger.upTo
    for (const seq of this.#dropped) if (seq <= merger.upTo) this.#dropped.delete(seq)
    this.#merger = undefined
  }

  #begin (): void {
    this.#merger = { entries: this.#young.sorted(), events: this.#young, upTo: this.#last, position: 0 }
    this.#young = new SeqsByKey()
  }

  /** Those that come next in the index. As one text: a row for each of a million keys would be most of the memory at the start. */
  #after (last: number): number[] {
    return JSON.parse(String(this.#page.get(last)?.keys)) as number[] // as SQLite has written it
  }

  #fitting (seqs: readonly number[], id: string): number | undefined {
    return seqs.find((seq) => this.#compare.get(seq, id) !== undefined)
  }
}
